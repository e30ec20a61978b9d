"""A prefix of a bucket of an S3-compatible store as a source. An object is read only while it has the ETag with which it was listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from connectors.archive import Archive
from connectors.sources.declared import S3Declared
from connectors.sources.errors import Located
from connectors.sources.remote_files import copy_whole, is_delivery, safe_name
from connectors.sources.secrets import read_secret
from connectors.sources.source import Copied, Ground, Listing, ObjectChangedError, SourceObject

OURS_TO_MEND = frozenset(
    {
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "NoSuchBucket",
        "403",
        "AuthorizationHeaderMalformed",
    }
)
"""Answers that no second try changes."""

CHANGED = frozenset({"PreconditionFailed", "412", "NoSuchKey", "404"})


class S3Source(Located):
    """What lies below a prefix. Raises: SourceFailed."""

    def __init__(self, declared: S3Declared, ground: Ground) -> None:
        self.source_id = declared.id
        self._declared, self._deadline = declared, ground.deadline
        self.location = f"{declared.endpoint}/{declared.bucket}/{declared.prefix}"
        patience = ground.deadline.patience_seconds()
        # A session of its own: the one that boto3 shares is not made for threads, and would read this account's own settings.
        session = boto3.session.Session(
            aws_access_key_id=read_secret(declared, declared.access_key, "access_key"),
            aws_secret_access_key=read_secret(declared, declared.secret_key, "secret_key"),
            region_name=declared.region,
        )
        self._client: Any = session.client(
            "s3",
            endpoint_url=declared.endpoint,
            verify=str(declared.ca_file) if declared.ca_file else True,
            config=Config(
                connect_timeout=patience,
                read_timeout=patience,
                # Tries are ours to count.
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                # The proxy of the account that runs us is nobody's declaration.
                proxies={},
            ),
        )

    def list(self) -> Listing:
        """What lies below the prefix now, page after page by the key where the last one ended."""
        objects: list[SourceObject] = []
        with self._failures():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._declared.bucket, Prefix=self._declared.prefix
            )
            for page in pages:
                self._deadline.left_seconds()
                found = [self._object(entry) for entry in page.get("Contents", ())]
                if objects and found and found[0].location <= objects[-1].location:
                    raise self.broken(
                        "目录分页重复或次序错乱",
                        "its list repeats a page or has them out of order",
                    )
                objects += found
        return Listing([o for o in objects if is_delivery(o.name) and not o.name.endswith("/")], 0)

    def young(self, _objects: Sequence[SourceObject]) -> Sequence[SourceObject]:
        """None: an object appears whole."""
        return ()

    def copy(self, found: SourceObject, archive: Archive) -> Copied:
        """The object's bytes, if it has still the ETag that was listed. Raises: as `Source.copy`."""
        with self._failures():
            answer = self._client.get_object(Bucket=self._declared.bucket, Key=found.location, IfMatch=found.version)
            with closing(answer["Body"]) as body:
                if answer["ETag"] != found.version:
                    raise ObjectChangedError
                return copy_whole(found, body.read, archive, self._deadline)

    def probe(self) -> int:
        """How many files there are."""
        return len(self.list().objects)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _object(self, entry: dict[str, Any]) -> SourceObject:
        name = safe_name(entry["Key"].removeprefix(self._declared.prefix).lstrip("/"))
        modified = entry["LastModified"]
        changed_ns = int(modified.timestamp()) * 1_000_000_000 + modified.microsecond * 1000
        return SourceObject(name, entry["Key"], entry["Size"], changed_ns, entry["ETag"])

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What botocore raises, in our words: codes only."""
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))[:40]
            if code in CHANGED:
                raise ObjectChangedError from None
            if code in OURS_TO_MEND:
                raise self.shut(f"对方答复 {code}", f"it answered {code}") from None
            raise self.broken(f"对方答复 {code}", f"it answered {code}") from None
        except (BotoCoreError, HTTPClientError, OSError) as error:
            # A cut body among others: its reader counts what was promised.
            self._deadline.left_seconds()
            kind = type(error).__name__
            raise self.broken(f"连接中断（{kind}）", f"the connection broke ({kind})") from None
