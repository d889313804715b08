# Content-Types by extension. The room leaves memory again when it has told one.
import web

# "ext=subtype ", after the type that they have in common; without one it is the extension.
_TYPES = (
    b"text/ html= css= csv= xml= js=javascript mjs=javascript txt=plain htm=html md=markdown"
    b" image/ png= gif= webp= avif= jpeg= jpg=jpeg ico=x-icon svg=svg+xml"
    b" font/ woff2= woff= ttf= application/ json= pdf= wasm= map=json gz=gzip"
    b" webmanifest=manifest+json audio/ wav= mp3=mpeg video/ mp4= webm= "
)


def match(extension):
    """Return the Content-Type (bytes) that files of an extension (bytes) have."""
    web.forget("mime")
    name = b" " + extension + b"="
    i = _TYPES.find(name)
    if i < 0:
        return b"application/octet-stream"
    slash = _TYPES.rfind(b"/", 0, i)
    kind = _TYPES[_TYPES.rfind(b" ", 0, slash) + 1 : slash + 1]
    i += len(name)
    kind += _TYPES[i : _TYPES.find(b" ", i)] or extension
    if kind[0] == 116:  # text
        kind += b"; charset=utf-8"
    return kind
