"""The twenty countries of the demo company: telephone numbers, money, languages and places."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import Numbers


@dataclass(frozen=True)
class Country:
    """One country; a telephone number is a prefix and so many digits, written nationally after the trunk prefix."""

    code: str
    weight: int
    language: str
    calling_code: str
    trunk: str
    mobile_trunk: str
    mobile_prefixes: tuple[str, ...]
    mobile_digits: int
    landline_prefix: str
    landline_digits: int
    currency: str
    per_euro: float
    tax_percent: int
    instance: str
    cities: tuple[str, ...]


def _country(places: str, money: str, mobile: str, landline: str, cities: str) -> Country:
    code, weight, language, instance = places.split()
    currency, per_euro, tax_percent = money.split()
    calling_code, mobile_trunk, mobile_prefixes, mobile_digits = mobile.split()
    trunk, landline_prefix, landline_digits = landline.split()
    return Country(
        code,
        int(weight),
        language,
        calling_code,
        trunk.strip("-"),
        mobile_trunk.strip("-"),
        tuple(mobile_prefixes.split(",")),
        int(mobile_digits),
        landline_prefix,
        int(landline_digits),
        currency,
        float(per_euro),
        int(tax_percent),
        instance,
        tuple(cities.split(",")),
    )


COUNTRIES = (
    _country("DE 18 de main", "EUR 1 19", "49 0 1511,1512,1520,1522,1525,1573,1577 7", "0 30 8", "Berlin,Köln,München"),
    _country("FR 11 fr main", "EUR 1 20", "33 0 61,62,66,68,76 7", "0 14 7", "Paris,Nîmes,Besançon"),
    _country("GB 10 en main", "GBP 0.86 20", "44 0 740,741,742,746,747 7", "0 207 7", "London,Leeds,Bristol"),
    _country(
        "US 10 en main",
        "USD 1.1 8",
        "1 1 4152,2123,3125,6176,2067,5128,3035,7027 6",
        "1 2143 6",
        "Austin,Boston,Seattle",
    ),
    _country("ES 6 es main", "EUR 1 21", "34 - 61,62,65,66 7", "- 91 7", "Madrid,A Coruña,Málaga"),
    _country("IT 6 it main", "EUR 1 22", "39 - 320,328,333,347,349 7", "- 02 8", "Milano,Roma,Forlì"),
    _country("NL 4 nl main", "EUR 1 21", "31 0 61,62,63,64,65 7", "0 20 7", "Amsterdam,Utrecht,Breda"),
    _country("PL 5 pl emea", "PLN 4.3 23", "48 - 50,51,60,66,69 7", "- 22 7", "Warszawa,Kraków,Łódź"),
    _country("SE 3 sv main", "SEK 11.2 25", "46 0 70,72,73,76 7", "0 8 7", "Stockholm,Malmö,Göteborg"),
    _country("CH 3 de main", "CHF 0.95 8", "41 0 76,78,79 7", "0 44 7", "Zürich,Basel,Genève"),
    _country("AT 3 de main", "EUR 1 20", "43 0 650,664,676,699 7", "0 15 6", "Wien,Graz,Linz"),
    _country("BE 3 fr main", "EUR 1 21", "32 0 47,49 7", "0 25 6", "Bruxelles,Liège,Namur"),
    _country("GR 3 el emea", "EUR 1 24", "30 - 694,697,698 7", "- 210 7", "Αθήνα,Πάτρα,Θεσσαλονίκη"),
    _country("BG 2 bg emea", "EUR 1 20", "359 0 87,88,89 7", "0 2 7", "София,Пловдив,Варна"),
    _country("UA 3 uk emea", "UAH 45 20", "380 0 50,66,67,68,93,97 7", "0 44 7", "Київ,Львів,Одеса"),
    _country("CN 3 zh main", "CNY 7.8 13", "86 - 138,139,150,186 8", "0 106 7", "上海,北京,广州"),
    _country("AE 2 ar emea", "AED 4 5", "971 0 50,52,55,56 7", "0 43 6", "دبي,أبوظبي,الشارقة"),
    _country("EG 2 ar emea", "EGP 55 14", "20 0 10,11,12 8", "0 2 8", "القاهرة,الإسكندرية,الجيزة"),
    _country("BR 2 pt main", "BRL 6 17", "55 - 1199,2198,3199,5199 7", "- 113 7", "São Paulo,Brasília,Maceió"),
    _country("IN 3 hi emea", "INR 95 18", "91 0 98,97,99 8", "0 112 7", "Mumbai,Pune,Delhi"),
)

CODES = pa.array([country.code for country in COUNTRIES])
CURRENCIES = pa.array([country.currency for country in COUNTRIES])
PER_EURO = np.array([country.per_euro for country in COUNTRIES])
TAX_PERCENT = np.array([country.tax_percent for country in COUNTRIES])
IS_EMEA = np.array([country.instance == "emea" for country in COUNTRIES])
CITIES = pa.array([city for country in COUNTRIES for city in country.cities])
CITIES_EACH = 3
# Degrees north and east of the middle of each city, in their order.
PLACES = np.array(
    [
        [float(degree) for degree in place.split()]
        for line in (
            "52.52 13.41,50.94 6.96,48.14 11.58",
            "48.86 2.35,43.84 4.36,47.24 6.02",
            "51.51 -0.13,53.80 -1.55,51.45 -2.59",
            "30.27 -97.74,42.36 -71.06,47.61 -122.33",
            "40.42 -3.70,43.37 -8.40,36.72 -4.42",
            "45.46 9.19,41.89 12.51,44.22 12.04",
            "52.37 4.90,52.09 5.12,51.59 4.78",
            "52.23 21.01,50.06 19.94,51.76 19.46",
            "59.33 18.07,55.60 13.00,57.71 11.97",
            "47.38 8.54,47.56 7.59,46.20 6.15",
            "48.21 16.37,47.07 15.44,48.31 14.29",
            "50.85 4.35,50.63 5.57,50.47 4.87",
            "37.98 23.73,38.25 21.73,40.64 22.94",
            "42.70 23.32,42.15 24.75,43.21 27.91",
            "50.45 30.52,49.84 24.03,46.48 30.73",
            "31.23 121.47,39.90 116.41,23.13 113.26",
            "25.10 55.31,24.45 54.38,25.35 55.39",
            "30.04 31.24,31.20 29.92,30.01 31.21",
            "-23.55 -46.63,-15.79 -47.88,-9.65 -35.73",
            "19.08 72.88,18.52 73.86,28.65 77.23",
        )
        for place in line.split(",")
    ]
)


def weights() -> Numbers:
    """Shares of the countries."""
    shares = np.array([country.weight for country in COUNTRIES], dtype=float)
    return np.asarray(shares / shares.sum())
