"""Why a request is turned away, with its status and one sentence in both languages; pages show the Chinese one, the API both."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(eq=False)
class TurnedAwayError(Exception):
    """A request that is not done. `retry_after` is in seconds, None where waiting does not help."""

    status: HTTPStatus
    code: str
    zh: str
    en: str
    retry_after: int | None = None

    def to_dict(self) -> dict[str, dict[str, str]]:
        """The body of the API's answer."""
        return {"error": {"code": self.code, "zh": self.zh, "en": self.en}}


def no_token() -> TurnedAwayError:
    """The token is missing or not good."""
    return TurnedAwayError(
        HTTPStatus.UNAUTHORIZED,
        "token_not_good",
        "口令不对，或者已过期、已收回。请核对后重新输入；仍不行时，请向省工会索取新的口令。",
        "The token is missing, wrong, past its last day or taken back. Check it, or ask the provincial union for a new one.",
    )


def too_many_tries(seconds: int) -> TurnedAwayError:
    """Too many wrong tokens from one address."""
    return TurnedAwayError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_tries",
        f"输错次数太多，请 {-(-seconds // 60)} 分钟后再试。",
        f"Too many wrong tokens from this address; try again in {seconds} s.",
        seconds,
    )


def too_many_uploads(most: int) -> TurnedAwayError:
    """A unit uploads more than a unit has."""
    return TurnedAwayError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_uploads",
        f"本单位一小时内已上传 {most} 个文件，请一小时后再传；文件多时可以打成一个 zip 压缩包。",
        f"This unit has uploaded {most} files within the hour; go on in an hour, or pack many files into one zip.",
        3600,
    )


def too_large(limit_mb: int) -> TurnedAwayError:
    """The request is larger than all files that it may carry."""
    return TurnedAwayError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"一次上传的内容超过 {limit_mb} MB。请分几次上传；单个文件过大时，请删去其中的图片。",
        f"More than {limit_mb} MB at once. Upload fewer files at a time, or take pictures out of the workbook.",
    )


def too_slow(seconds: int) -> TurnedAwayError:
    """The body did not come to its end."""
    return TurnedAwayError(
        HTTPStatus.REQUEST_TIMEOUT,
        "too_slow",
        f"文件在 {seconds} 秒内没有传完。请换到信号好的地方，或分几次上传。",
        f"The body had not arrived whole within {seconds} s. Find a better connection, or upload fewer files at a time.",
    )


def busy() -> TurnedAwayError:
    """Others are being served; nothing was taken in."""
    return TurnedAwayError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "现在上传的单位较多，这次没有收取。请一分钟后再传。",
        "Too many uploads at this moment; nothing was taken in. Try again in a minute.",
        60,
    )


def unavailable() -> TurnedAwayError:
    """Something of ours is broken; nothing was taken in."""
    return TurnedAwayError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "系统暂时不能收取，这次的文件没有收下。请过十分钟再传；一直不行时，请告诉省工会。",
        "The warehouse cannot take anything in just now; nothing was taken in. Try again in ten minutes, then tell the provincial union.",
        600,
    )


def no_files() -> TurnedAwayError:
    """A form without a file in it."""
    return TurnedAwayError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "no_files",
        "没有选择文件。请先选择报表，再按“上传”。",
        "There is no file in the request; send workbooks as `files` of a multipart form.",
    )


def too_many_files(most: int) -> TurnedAwayError:
    """More files than one request may have."""
    return TurnedAwayError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "too_many_files",
        f"一次最多上传 {most} 个文件。请分几次上传，或打成一个 zip 压缩包。",
        f"At most {most} files at once; send them in parts, or as one zip.",
    )


def not_understood(why: str) -> TurnedAwayError:
    """A request that is not what it should be."""
    return TurnedAwayError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "not_understood",
        "请求的格式不对。请从报送页面上传。",
        f"The request is not what it should be: {why}.",
    )


def from_elsewhere() -> TurnedAwayError:
    """A form that was sent from a page that is not ours."""
    return TurnedAwayError(
        HTTPStatus.FORBIDDEN,
        "from_elsewhere",
        "这个请求不是从报送页面发出的，没有执行。请从报送页面操作。",
        "The request came from another site and was not done.",
    )


def not_there() -> TurnedAwayError:
    """Nothing at this address, or nothing that this unit may see."""
    return TurnedAwayError(
        HTTPStatus.NOT_FOUND,
        "not_there",
        "没有这一页，或它不属于本单位。",
        "There is nothing at this address, or it is another unit's.",
    )
