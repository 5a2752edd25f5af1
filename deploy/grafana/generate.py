"""Writes the dashboards as JSON into the folder of the first argument.

Each is read back through the types of the SDK, which drop what Grafana's schema does not know: what comes out
must be what went in.
"""

import json
import pathlib
import sys

import operations
import privacy
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def encode(board):
    return json.dumps(board, cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main(folder):
    register_default_plugins()
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in [("operations", operations), ("privacy", privacy)]:
        text = encode(module.build().build())
        again = encode(Dashboard.from_json(json.loads(text)))
        if again != text:
            sys.exit(f"{name}: something of it is not in Grafana's schema")
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
