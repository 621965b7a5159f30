"""Files that are sealed while they arrive: none lies in the clear on a disk, and memory holds a piece of it only."""

import uuid
from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from requests_app.operations import files, streams
from requests_app.operations.answering import LARGEST, Upload


class Sealed(UploadedFile):
    """What stands in request.FILES instead of the file: it cannot be read there. `upload` is none where too large."""

    def __init__(self, name: str, size: int, upload: Upload | None) -> None:
        super().__init__(BytesIO(), name=name, size=size)
        self.upload = upload


class SealingUploadHandler(FileUploadHandler):
    """Seals each file of one form with the key of a case. Whatever is not kept in the end is destroyed."""

    def __init__(self, submission_id: uuid.UUID) -> None:
        super().__init__()
        self._submission_id = submission_id
        self._writer: streams.Writer | None = None
        self._pk = uuid.uuid4()
        self._whole: list[uuid.UUID] = []

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Begin a stream of its own."""
        super().new_file(*args, **kwargs)
        self._pk = uuid.uuid4()
        self._writer = streams.Writer(self._submission_id, self._pk)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Seal it; of what is too large nothing is kept, and the rest is only counted."""
        if self._writer is not None and start + len(raw_data) > LARGEST:
            self._drop()
        if self._writer is not None:
            self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> Sealed:
        """End the stream."""
        if self._writer is None:
            return Sealed(self.file_name, file_size, None)
        self._writer.close()
        upload = Upload(self._pk, self.file_name, self._writer.size, self._writer.sha256)
        self._writer = None
        self._whole.append(self._pk)
        return Sealed(self.file_name, file_size, upload)

    def keep(self) -> None:
        """The files have rows now."""
        self._whole.clear()

    def destroy_rest(self) -> None:
        """Nothing stays of what nobody took, nor of what broke off."""
        self._drop()
        for pk in self._whole:
            files.destroy(pk)
        self._whole.clear()

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.discard()
            self._writer = None
