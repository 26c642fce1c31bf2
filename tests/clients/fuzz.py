#!/usr/bin/env python3
"""Thousands of requests that the document of the API allows, or just does not: no answer may be a 5xx, and every answer has to
be as the document says.

    make test-clients       runs this after the clients

A server of the real program is started over a few documents; schemathesis makes the requests from its /openapi.json. Fails
where it finds anything, and where it made fewer than MIN_REQUESTS.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import conftest

MIN_REQUESTS = 2_000
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        # Modules need a backbone; `make test-clients` fetches this one.
        modules = ["--registry", "modules", "--backbone", str(conftest.MINILM)]
        servers = conftest.start(Path(work), None, "xenoglot-static", *modules)
        server = next(servers)
        try:
            command = [
                Path(sys.executable).parent / "schemathesis",
                "run",
                f"{server.url}/openapi.json",
                "--checks",
                CHECKS,
                "--mode",
                "all",
                "--phases",
                "examples,coverage,fuzzing",
                "--max-examples",
                "60",
                "--seed",
                "1",
                "--workers",
                "2",
                "--continue-on-failure",
                "--request-timeout",
                "30",
                *sys.argv[1:],
            ]
            environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(Path(__file__).parent)}
            ran = subprocess.run(command, capture_output=True, text=True, cwd=work, env=environment)
        finally:
            servers.close()
    print(ran.stdout, ran.stderr, sep="\n")
    made = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) generated", ran.stdout)]
    if ran.returncode or sum(made) < MIN_REQUESTS:
        sys.exit(f"schemathesis ended with {ran.returncode} after {sum(made)} requests, expected 0 after {MIN_REQUESTS}")


if __name__ == "__main__":
    main()
