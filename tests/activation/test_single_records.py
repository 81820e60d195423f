"""Accounts of HubSpot and Klaviyo take people one by one too, as other tools send them and as the vendors describe."""

from dataclasses import replace
from typing import Any

import hubspot
import klaviyo_api
import pytest
from hubspot.crm.contacts.exceptions import ApiException as HubSpotError
from openapi_client.exceptions import ApiException as KlaviyoError

from orchestration.activation.destinations.klaviyo_endpoints import REVISION
from tests.activation import hubspot_bench, klaviyo_bench
from tests.activation.hubspot_peer import TOKEN
from tests.activation.klaviyo_peer import KEY

ANN = "ann@shop.example"


def test_hubspots_client_makes_a_contact_once_and_changes_it_by_email(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact is made; made again, it is refused with the id that it has; by its e-mail it is changed."""
    with hubspot_bench.judged(monkeypatch) as peer:
        contacts = hubspot.Client.create(access_token=TOKEN).crm.contacts.basic_api
        contacts.api_client.configuration.host = peer.url
        body = {"properties": {"email": ANN, "firstname": "Ann"}, "associations": []}
        made = contacts.create(body)
        with pytest.raises(HubSpotError, match=f"Existing ID: {made.id}") as refused:
            contacts.create(body)
        assert refused.value.status == 409
        contacts.update(ANN, {"properties": {"firstname": ""}}, id_property="email")
        with pytest.raises(HubSpotError) as missing:
            contacts.update("bob@shop.example", {"properties": {"firstname": "Bob"}}, id_property="email")
        assert missing.value.status == 404
        assert peer.account.records["contacts"] == {made.id: {"email": ANN}}


def test_hubspot_refuses_one_contact_for_what_it_refuses_a_batch_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A property that isn't there, a value that is no text, and an e-mail that is none are refused alone too."""
    with hubspot_bench.judged(monkeypatch) as peer:
        for properties in ({"email": ANN, "nickname": "A."}, {"email": ANN, "firstname": 1}, {"email": "no address"}):
            status, _ = peer.account.answer("POST", "/crm/v3/objects/contacts", {"properties": properties})
            assert status == 400
        assert not peer.account.records["contacts"]


def test_klaviyos_client_makes_a_profile_once_and_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile is made; made again, it is refused with the id that it has; by it, its properties are changed."""
    with klaviyo_bench.judged(monkeypatch) as peer:
        profiles = klaviyo_api.KlaviyoAPI(KEY, max_retries=1, test_host=peer.url).Profiles
        made = profiles.create_profile(_profile(email=ANN, properties={"city": "Berlin", "plan": "free"}))
        number = made.data.id
        with pytest.raises(KlaviyoError) as refused:
            profiles.create_profile(_profile(email=ANN))
        assert refused.value.status == 409
        assert '"duplicate_profile_id": "' + number in str(refused.value.body)
        profiles.update_profile(number, _profile(id=number, email=ANN, properties={"city": None}))
        [ann] = peer.account.profiles.values()
        assert (ann.attributes["email"], ann.properties) == (ANN, {"city": None, "plan": "free"})
        bob = profiles.create_profile(_profile(email="bob@shop.example")).data.id
        with pytest.raises(KlaviyoError):
            profiles.update_profile(bob, _profile(id=bob, email=ANN))
        # Its headers are its own.
        ours = {"revision": REVISION, "content-type": "application/vnd.api+json"}
        peer.seen[:] = [replace(seen, headers=ours) for seen in peer.seen]


def _profile(**attributes: Any) -> dict[str, Any]:
    named = {"id": attributes.pop("id")} if "id" in attributes else {}
    return {"data": {"type": "profile", **named, "attributes": attributes}}
