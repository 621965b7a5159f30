"""A data source of any size, for the processes of a test: whoever asks is on file."""

from collections.abc import Iterator, Sequence

from requests_app.connectors import Column, DataSource, Lines, Match, OnFile, Query, Table

RECORD = b'{"id":1,"text":"' + b"lorem ipsum " * 84 + b'"}\n'


class Large(DataSource):
    """Holds so many MiB of one person."""

    def __init__(self, *, email: str, mebibytes: int) -> None:
        self.email, self.mebibytes = email, mebibytes

    def find(self, query: Query) -> Sequence[Match]:
        return [Match("1", (OnFile(self.email),))] if self.email in query.addresses else []

    def describe(self) -> Sequence[Table]:
        return (Table("letters", (Column("id", "number"), Column("text"))),)

    def extract(self, references: Sequence[str], *, request_id: str) -> Iterator[Lines]:
        for _ in range(self.mebibytes * 16):
            yield Lines("letters", RECORD * 64, 64)
