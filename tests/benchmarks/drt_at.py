"""drt's own command line with its HubSpot and Klaviyo at another address: `python -m tests.benchmarks.drt_at URL run`.

drt has both addresses as constants of its modules, which no setting changes; nothing else of it is touched.
"""

import sys
from importlib import import_module


def main() -> None:
    """Point drt at the address, and do what the rest of the command line says."""
    url = sys.argv.pop(1)
    hubspot, klaviyo = (import_module(f"drt.destinations.{name}") for name in ("hubspot", "klaviyo"))
    hubspot._HUBSPOT_API = f"{url}/crm/v3/objects"
    hubspot._HUBSPOT_PROPERTIES_API = f"{url}/crm/v3/properties"
    klaviyo._BASE = f"{url}/api"
    import_module("drt.cli.main").app()


if __name__ == "__main__":
    main()
