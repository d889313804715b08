# Chooses the parsers once: the native module where the firmware loads it, else
# the portable twin. Every other file imports them from here.
try:
    from web._native import (
        find_field,
        mask,
        next_field,
        parse_head,
        parse_qs,
        unquote,
        utf8,
        ws_build,
        ws_parse,
    )

    implementation = "native"
except (ImportError, ValueError) as e:
    # ImportError: no native file here. ValueError: one that this firmware refuses.
    if isinstance(e, ValueError):
        print("web: _native.mpy can't be used ({}); using the portable parser".format(e))
    from web._portable import (
        find_field,
        mask,
        next_field,
        parse_head,
        parse_qs,
        unquote,
        utf8,
        ws_build,
        ws_parse,
    )

    implementation = "portable"
