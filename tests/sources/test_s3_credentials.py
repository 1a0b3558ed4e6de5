"""Keys for S3: from the environment, a profile, a process, a role; renewed where they run out; never said."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from plumbline.domain import PlumblineError
from plumbline.logs.pull.credentials import CHAIN, make_s3_secret
from plumbline.logs.pull.fetch import FetchRequest, fetch
from plumbline.logs.pull.location import read_location
from plumbline.store.database.extensions import CONFIG, load_extension
from plumbline.store.workspace import Workspace
from tests.environment import product
from tests.sources.conftest import KEY, SECRET, Bucket

ROLE_KEY = "ASIATESTROLE"
ROLE = {
    "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": ROLE_KEY, "SecretAccessKey": SECRET,
    "Token": "s3cret-of-the-role", "Expiration": "2099-01-01T00:00:00Z",
}  # fmt: skip


@dataclass
class StandIn:
    """An HTTP server of the test's own and what it was asked: (method, path, Authorization)."""

    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)


def _serve(answer: Callable[[str, str], tuple[int, bytes]]) -> Iterator[StandIn]:
    seen = StandIn()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _any(self) -> None:
            said = self.headers.get("Authorization", "")
            seen.asked.append((self.command, self.path, said))
            status, body = answer(self.path, said)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = _any

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    seen.url = f"http://127.0.0.1:{server.server_port}"
    yield seen
    server.shutdown()
    server.server_close()


@pytest.fixture
def metadata() -> Iterator[StandIn]:
    """The metadata service of a machine that has a role."""

    def answer(path: str, _: str) -> tuple[int, bytes]:
        known = {
            "/latest/api/token": b"token",
            "/latest/meta-data/iam/security-credentials": b"reader",
            "/latest/meta-data/iam/security-credentials/reader": json.dumps(ROLE).encode(),
            "/latest/meta-data/placement/availability-zone": b"eu-central-1a",
        }
        body = known.get(path.rstrip("/"))
        return (404, b"") if body is None else (200, body)

    yield from _serve(answer)


@pytest.fixture
def refusing() -> Iterator[StandIn]:
    """A bucket that only takes the key ASIASECOND, and repeats what it was sent as AWS does."""

    def answer(path: str, said: str) -> tuple[int, bytes]:
        if "Credential=ASIASECOND/" in said:
            return 200, b"id,when\n1,2026-01-01\n"
        body = (
            f"<Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message><StringToSign>{said}</StringToSign>"
            f"<CanonicalRequest>{SECRET}</CanonicalRequest></Error>"
        )
        return 403, body.encode()

    yield from _serve(answer)


#: reads a file after the connection was locked; in a process of its own, as AWS's library reads its files once in each
LOCKED = """
import sys
from pathlib import Path
from plumbline.logs.pull.credentials import make_s3_secret
from plumbline.store.database.external import external_connection
places = {"extensions": ["httpfs"], "folders": ["s3://logs/"]}
with external_connection(Path(sys.argv[1]), **places, prepare=make_s3_secret) as connection:
    sys.stdout.write(connection.execute("SELECT content FROM read_blob('s3://logs/a.csv')").fetchone()[0].decode())
"""


def secret() -> str:
    """What a connection holds after ``make_s3_secret``; DuckDB redacts the secret parts."""
    connection = duckdb.connect(":memory:", config=CONFIG)
    load_extension(connection, "httpfs")
    make_s3_secret(connection)
    row = connection.execute("SELECT secret_string FROM duckdb_secrets()").fetchone()
    connection.close()
    return str(row[0]) if row else ""


def _aws(home: Path, config: str, credentials: str = "") -> None:
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text(config)
    (home / ".aws" / "credentials").write_text(credentials)


def _keys(key: str) -> str:
    return f"aws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n"


def _fetched(ws: Workspace, address: str) -> bytes:
    found = fetch(ws, read_location(address), FetchRequest(), pause=0)
    return found.files[0].read_bytes()


def test_keys_of_the_environment_come_first_and_need_no_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: StandIn
) -> None:
    _aws(tmp_path, "[default]\nregion = eu-north-1\n", f"[default]\n{_keys('AKIAOTHER')}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url)
    monkeypatch.setitem(sys.modules, CHAIN, None)
    said = secret()
    assert f"key_id={KEY};" in said
    assert "region=eu-north-1" in said
    assert SECRET not in said
    assert metadata.asked == []


def test_a_profile_brings_its_keys_its_region_and_its_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _aws(
        tmp_path,
        "[profile work]\nregion = eu-north-1\nendpoint_url = http://127.0.0.1:9\n",
        f"[work]\n{_keys('AKIAWORK')}",
    )
    monkeypatch.setenv("AWS_PROFILE", "work")
    said = secret()
    for part in ("key_id=AKIAWORK;", "region=eu-north-1", "endpoint=127.0.0.1:9", "use_ssl=false"):
        assert part in said


def test_the_role_of_a_machine_is_looked_up_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: StandIn
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    said = secret()
    assert f"key_id={ROLE_KEY};" in said
    assert "s3cret" not in said
    asked = len(metadata.asked)
    assert asked > 0
    _aws(tmp_path, "[default]\nregion = eu-north-1\n", f"[default]\n{_keys('AKIAOTHER')}")
    assert "key_id=AKIAOTHER;" in secret()
    assert len(metadata.asked) == asked


def test_metadata_that_is_switched_off_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, metadata: StandIn
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url)
    assert "key_id" not in secret()
    assert metadata.asked == []


def test_a_profile_may_take_on_a_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: Bucket, metadata: StandIn, refusing: StandIn
) -> None:
    """Never the machine's own in its place, also where the role is refused."""
    role = "role_arn = arn:aws:iam::123456789012:role/reader\nregion = eu-north-1\n"
    _aws(tmp_path, f"[default]\n{role}", f"[default]\n{_keys(KEY)}")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", bucket.endpoint)
    said = secret()
    assert "key_id=ASIA" in said
    assert ROLE_KEY not in said
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", refusing.url)
    with pytest.raises(PlumblineError, match="AWS gives no keys for the role of this environment"):
        secret()
    assert refusing.asked


def _process(folder: Path) -> str:
    """A ``credential_process`` that gives ASIAFIRST, and ASIASECOND from its second run on."""
    script = folder / "keys.py"
    script.write_text(
        "import json, pathlib\n"
        f"mark = pathlib.Path({str(folder / 'ran')!r})\n"
        "key = 'ASIASECOND' if mark.exists() else 'ASIAFIRST'\n"
        "mark.touch()\n"
        f"print(json.dumps({{'Version': 1, 'AccessKeyId': key, 'SecretAccessKey': {SECRET!r}}}))\n"
    )
    return f"[profile work]\ncredential_process = {sys.executable} {script}\nregion = eu-north-1\n"


def test_keys_that_ran_out_are_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing: StandIn
) -> None:
    _aws(tmp_path, _process(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", refusing.url)
    told = subprocess.run(
        [product.python(), "-c", LOCKED, str(tmp_path)], env=product.paths(), check=True, capture_output=True, text=True
    )  # fmt: skip
    assert told.stdout == "id,when\n1,2026-01-01\n"
    used = [said for _, _, said in refusing.asked]
    assert "ASIAFIRST" in used[0]
    assert "ASIASECOND" in used[-1]


def test_a_public_bucket_needs_neither_keys_nor_the_extra(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: Bucket
) -> None:
    parquet.write_table(pa.table({"id": [1, 2]}), tmp_path / "open.parquet")
    client = boto3.client(
        "s3", endpoint_url=bucket.endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )
    client.upload_file(str(tmp_path / "open.parquet"), "logs", "open.parquet", {"ACL": "public-read"})
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
    assert _fetched(workspace, "s3://logs/open.parquet").startswith(b"PAR1")
    monkeypatch.setitem(sys.modules, CHAIN, None)
    assert _fetched(workspace, "s3://logs/open.parquet").startswith(b"PAR1")


def test_a_bucket_that_refuses_is_one_sentence_that_says_what_to_set(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, refusing: StandIn
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", refusing.url)
    with pytest.raises(
        PlumblineError, match=r"refused the credentials.*Set AWS_ACCESS_KEY_ID.*or AWS_PROFILE"
    ):
        _fetched(workspace, "s3://logs/a.csv")
    monkeypatch.setitem(sys.modules, CHAIN, None)
    with pytest.raises(PlumblineError, match=r"by a profile or a role needs an extra.*plumbline\[cloud\]"):
        _fetched(workspace, "s3://logs/a.csv")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with pytest.raises(PlumblineError, match="refused the credentials") as refused:
        _fetched(workspace, "s3://logs/a.csv")
    assert not {word for word in (KEY, SECRET, "s3cret") if word in str(refused.value)}
    assert "\n" not in str(refused.value)


def test_a_profile_that_gives_no_keys_is_one_sentence(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _aws(tmp_path, "[default]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(PlumblineError, match="AWS gives no keys for the profile 'nobody'"):
        _fetched(workspace, "s3://logs/a.csv")
    monkeypatch.setitem(sys.modules, CHAIN, None)
    with pytest.raises(PlumblineError, match=r"needs an extra.*pip install 'plumbline\[cloud\]'"):
        _fetched(workspace, "s3://logs/a.csv")


def test_a_configuration_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    _aws(tmp_path, "no section\n\x00")
    assert "key_id" not in secret()
