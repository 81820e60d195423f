# ruff: noqa: E501, RUF001 - names in other scripts are the point of this list, and some are wide
"""Names of people by language, as `written` or `written|in Latin letters`, and places by country."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Names that a language's speakers bear, and its tag."""

    tag: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]


def _language(tag: str, women: str, men: str, families: str) -> Language:
    return Language(tag, tuple(women.split()), tuple(men.split()), tuple(families.split()))


LANGUAGES = {
    "de": _language(
        "de",
        "Anna Lena Sophie Käthe Jürgena Mia Birgit Heike Jana Zoë Ulrike Sabine",
        "Jürgen Lukas Björn Max Stefan Jörg Uwe Felix Günther Paul Matthias Tobias",
        "Müller Schmidt Groß Schäfer Köhler Weiß Fischer Krüger Böhm Jäger Hoffmann Wagner Becker Schröder Vogel Lange",
    ),
    "fr": _language(
        "fr",
        "Chloé Zoé Hélène Éloïse Camille Inès Amélie Léa Françoise Noémie Aurélie Margaux",
        "François Théo Rémi Loïc Hugo Jérôme Benoît Léo Mathéo Gaël Cédric Étienne",
        "Lefèvre Dupont Gérard Bélanger Moreau Garçon Noël Benoît Hébert Lemaître Rousseau Faure Chrétien Mercier Boyer",
    ),
    "en": _language(
        "en",
        "Emma Olivia Grace Charlotte Siobhán Amelia Hannah Megan Chloe Lucy Ruby Alice",
        "Oliver James Harry Seán Thomas William George Daniel Samuel Jack Noah Liam",
        "Smith Jones O’Brien Taylor Brown Wilson Evans Walker Wright Robinson Hughes Edwards Clarke Baker Turner Carter",
    ),
    "es": _language(
        "es",
        "María Lucía Sofía Martina Inés Begoña Noelia Ángela Raquel Irene Núria Pilar",
        "José Andrés Álvaro Iñigo Javier Raúl Martín Sergio Adrián Ramón Jesús Óscar",
        "García Muñoz Fernández Núñez Peña López Ibáñez Gutiérrez Díaz Álvarez Romero Gómez Castaño Vázquez Ortiz",
    ),
    "it": _language(
        "it",
        "Giulia Sofia Aurora Chiara Martina Niccolina Alessia Elisa Beatrice Greta Noemi Arianna",
        "Niccolò Lorenzo Matteo Andrea Francesco Davide Riccardo Giosuè Tommaso Luca Edoardo Pietro",
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Nicolò Greco Conti Cantù Fabbri Barbieri Moretti",
    ),
    "nl": _language(
        "nl",
        "Emma Julia Noor Sanne Fleur Eva Lotte Maartje Iris Femke Zoë Renée",
        "Daan Sem Bram Lars Thijs Ruben Jesse Koen Joris Stijn Maarten Niek",
        "Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Dijkstra Kuipers Postma Brouwer",
    ),
    "pl": _language(
        "pl",
        "Zofia Małgorzata Agnieszka Łucja Katarzyna Elżbieta Joanna Bożena Hanna Maja Grażyna Julia",
        "Łukasz Paweł Michał Wojciech Grzegorz Jakub Sławomir Rafał Piotr Tomasz Stanisław Zdzisław",
        "Nowak Wiśniewski Wójcik Kowalczyk Zieliński Szymański Dąbrowski Kozłowski Jabłoński Król Pawłowska Głowacka Żak",
    ),
    "sv": _language(
        "sv",
        "Åsa Elsa Maja Linnéa Ebba Freja Märta Saga Alva Göta Ingrid Astrid",
        "Björn Åke Göran Erik Lars Oskar Nils Axel Håkan Gustav Sven Jörgen",
        "Andersson Åberg Sjögren Öberg Lindström Nyström Bergström Söderberg Hellström Norén Ek Dahl Björk Hägg Ström",
    ),
    "el": _language(
        "el",
        "Μαρία|Maria Ελένη|Eleni Κατερίνα|Katerina Σοφία|Sofia Άννα|Anna Ιωάννα|Ioanna Δήμητρα|Dimitra Χριστίνα|Christina",
        "Γιώργος|Giorgos Δημήτρης|Dimitris Νίκος|Nikos Κώστας|Kostas Γιάννης|Giannis Παναγιώτης|Panagiotis Σπύρος|Spyros",
        "Παπαδόπουλος|Papadopoulos Βλάχος|Vlachos Αγγελόπουλος|Angelopoulos Νικολάου|Nikolaou Οικονόμου|Oikonomou "
        "Γεωργίου|Georgiou Δημητρίου|Dimitriou Μακρής|Makris Ιωάννου|Ioannou Αντωνίου|Antoniou Κωνσταντίνου|Konstantinou",
    ),
    "bg": _language(
        "bg",
        "Мария|Maria Иванка|Ivanka Елена|Elena Десислава|Desislava Йорданка|Yordanka Гергана|Gergana Силвия|Silvia",
        "Георги|Georgi Иван|Ivan Димитър|Dimitar Николай|Nikolay Стоян|Stoyan Христо|Hristo Тодор|Todor Пламен|Plamen",
        "Иванов|Ivanov Георгиев|Georgiev Димитров|Dimitrov Петров|Petrov Николов|Nikolov Стоянов|Stoyanov Желев|Zhelev "
        "Ангелов|Angelov Йорданов|Yordanov Колев|Kolev Цветков|Tsvetkov Щерев|Shterev",
    ),
    "uk": _language(
        "uk",
        "Олена|Olena Ірина|Iryna Наталія|Nataliia Оксана|Oksana Їванна|Yivanna Юлія|Yuliia Софія|Sofiia Ганна|Hanna",
        "Олександр|Oleksandr Андрій|Andrii Сергій|Serhii Тарас|Taras Юрій|Yurii Богдан|Bohdan Євген|Yevhen Ігор|Ihor",
        "Шевченко|Shevchenko Коваленко|Kovalenko Бондаренко|Bondarenko Ткаченко|Tkachenko Кравчук|Kravchuk Мельник|Melnyk "
        "Лисенко|Lysenko Гриценко|Hrytsenko Петрук|Petruk Савчук|Savchuk Їжак|Yizhak Щербак|Shcherbak",
    ),
    "zh": _language(
        "zh",
        "秀英|Xiuying 丽|Li 敏|Min 静|Jing 芳|Fang 雪梅|Xuemei 婷婷|Tingting 玉兰|Yulan 子涵|Zihan 欣怡|Xinyi",
        "伟|Wei 强|Qiang 磊|Lei 洋|Yang 勇|Yong 建国|Jianguo 浩然|Haoran 志强|Zhiqiang 宇轩|Yuxuan 子轩|Zixuan",
        "王|Wang 李|Li 张|Zhang 刘|Liu 陈|Chen 杨|Yang 黄|Huang 赵|Zhao 周|Zhou 吴|Wu 徐|Xu 孙|Sun 欧阳|Ouyang 司马|Sima",
    ),
    "ar": _language(
        "ar",
        "فاطمة|Fatima مريم|Maryam عائشة|Aisha نور|Noor ليلى|Layla سارة|Sara هدى|Huda زينب|Zainab أمينة|Amina",
        "محمد|Mohammed أحمد|Ahmed علي|Ali عمر|Omar خالد|Khaled يوسف|Youssef حسن|Hassan إبراهيم|Ibrahim طارق|Tariq",
        "المنصوري|AlMansoori الشامسي|AlShamsi حداد|Haddad السيد|ElSayed النجار|ElNaggar خليل|Khalil صالح|Saleh "
        "مصطفى|Mostafa عبدالله|Abdullah فاروق|Farouk رمضان|Ramadan الكعبي|AlKaabi",
    ),
    "pt": _language(
        "pt-BR",
        "Conceição Júlia Letícia Beatriz Luíza Vitória Lívia Isadora Antônia Débora Patrícia Inês",
        "João Antônio José Gonçalo Luís Caio Márcio Vinícius Otávio Fábio Mateus Sebastião",
        "Silva Gonçalves Araújo Conceição Simões Magalhães Brandão Leitão Assunção Guimarães Souza Falcão Galvão Sá",
    ),
    "hi": _language(
        "en-IN",
        "Ananya Priya Aishwarya Kavya Neha Pooja Lakshmi Meera Divya Shreya Riya Sneha",
        "Arjun Rahul Rohan Vikram Aditya Sanjay Karthik Manoj Suresh Ravi Amit Vivek",
        "Sharma Patel Iyer Reddy Singh Gupta Nair Menon Das Banerjee Mehta Joshi Rao Kulkarni Chatterjee Pillai",
    ),
}

STREETS = (
    "Main Street",
    "Station Road",
    "Park Avenue",
    "Church Lane",
    "Mill Lane",
    "Garden Street",
    "High Street",
    "Bridge Road",
    "Market Square",
    "Hill Street",
    "Rue de la Gare",
    "Hauptstraße",
    "Calle Mayor",
    "Via Roma",
)
