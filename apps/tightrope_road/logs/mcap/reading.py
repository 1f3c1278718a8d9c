"""Messages of an MCAP file, decoded by what their channel says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tightrope.errors import BadInputError, MissingExtraError

_LARGEST_RECORD = 512_000_000


@dataclass(frozen=True)
class Message:
    """A message: its topic, the name of its schema, when it was logged (seconds), and its fields (object or dict)."""

    topic: str
    schema: str
    logged_at: float
    fields: Any


class Field:
    """Reads fields of what decoders give: attributes of an object, or keys of a mapping.

    >>> Field.of({"header": {"stamp": {"sec": 3}}}, "header", "stamp", "sec")
    3
    """

    @staticmethod
    def of(fields: Any, *names: str) -> Any:
        """The field at the end of this path; raises KeyError where one is missing."""
        for name in names:
            try:
                fields = fields[name] if isinstance(fields, dict) else getattr(fields, name)
            except AttributeError:
                raise KeyError(name) from None
        return fields

    @staticmethod
    def first(fields: Any, *paths: tuple[str, ...]) -> Any:
        """What the first of these paths leads to; raises KeyError if none does."""
        for path in paths:
            try:
                return Field.of(fields, *path)
            except KeyError:
                continue
        raise KeyError(" or ".join(".".join(path) for path in paths))


class Recording:
    """An MCAP file.

    Raises:
        MissingExtraError: the packages that read MCAP are not installed.
        BadInputError: the file is no MCAP, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            import mcap.reader  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("reading MCAP", "drive") from error
        self.path = path
        self.schemas = self._topics()

    def messages(self, topics: Iterable[str], one_each: bool = False) -> Iterator[Message]:
        """Messages of these topics in the order of their log times; of each topic only the first, if asked for.

        Raises BadInputError where the file ends early or is damaged; what came before is good.
        """
        missing = set(topics)
        for schema, channel, message in self._raw(missing):
            if one_each and channel.topic not in missing:
                continue
            missing -= {channel.topic} if one_each else set()
            fields = self._decoded(schema, channel, message.data)
            yield Message(channel.topic, schema.name, message.log_time / 1e9, fields)
            if one_each and not missing:
                return

    def _topics(self) -> dict[str, str]:
        """Topic -> schema name: from the summary, or of a recording without one by reading it."""
        from mcap.exceptions import McapError
        from mcap.reader import SeekingReader

        try:
            with self.path.open("rb") as file:
                summary = SeekingReader(file, record_size_limit=_LARGEST_RECORD).get_summary()
            if summary is not None and summary.channels:
                named = summary.schemas
                return {c.topic: named[c.schema_id].name for c in summary.channels.values() if c.schema_id in named}
        except (McapError, ValueError, OSError):
            pass  # a recorder that was cut off wrote no summary
        found: dict[str, str] = {}
        try:
            for schema, channel, _ in self._raw(None):
                found.setdefault(channel.topic, schema.name if schema else "")
        except BadInputError:
            if not found:
                raise
        return found

    def _raw(self, topics: set[str] | None) -> Iterator[tuple[Any, Any, Any]]:
        import struct

        from mcap.exceptions import McapError
        from mcap.reader import NonSeekingReader

        try:
            with self.path.open("rb") as file:
                reader = NonSeekingReader(file, record_size_limit=_LARGEST_RECORD)
                # Recorders write in the order of the log; sorting would hold the whole file in memory.
                for schema, channel, message in reader.iter_messages(log_time_order=False):
                    if schema is not None and (topics is None or channel.topic in topics):
                        yield schema, channel, message
        except OSError as error:
            raise BadInputError(f"cannot read {self.path}: {error.strerror}") from error
        except (McapError, ValueError, struct.error, RuntimeError, EOFError) as error:
            raise BadInputError(f"{self.path} is damaged or ends early: {error or type(error).__name__}") from error

    def _decoded(self, schema: Any, channel: Any, data: bytes) -> Any:
        decoder = self._decoder(channel.message_encoding, schema)
        try:
            return decoder(data)
        except Exception as error:  # decoders are made from the file, and raise what they like
            raise BadInputError(f"{self.path}: a message of {channel.topic} cannot be decoded: {error!r}") from error

    def _decoder(self, encoding: str, schema: Any) -> Callable[[bytes], Any]:
        if encoding == "json":
            return json.loads
        try:
            if encoding == "cdr":
                from mcap_ros2.decoder import DecoderFactory as Ros2

                self._ros2 = getattr(self, "_ros2", None) or Ros2()
                found = self._ros2.decoder_for(encoding, schema)
            elif encoding == "protobuf":
                from mcap_protobuf.decoder import DecoderFactory as Protobuf

                self._protobuf = getattr(self, "_protobuf", None) or Protobuf()
                found = self._protobuf.decoder_for(encoding, schema)
            else:
                found = None
        except ImportError as error:
            raise MissingExtraError(f"reading MCAP with {encoding} messages", "drive") from error
        except Exception as error:
            raise BadInputError(f"{self.path}: the schema {schema.name} cannot be read: {error!r}") from error
        if found is None:
            raise BadInputError(f"{self.path}: messages are encoded as {encoding!r}; there are json, protobuf and cdr")
        decode: Callable[[bytes], Any] = found
        return decode
