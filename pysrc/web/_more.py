# Names that few programs use: those of most are in the package's own file, which all load.
import web

_LAZY = (
    " HandshakeError:client Session:sessions basic:signin bearer:signin captive:portal"
    " check:shapes check_password:passwords connect:client cors:origins escape:quoting"
    " failed:pacing hash_password:passwords implementation:_which ota:firmware paced:pacing"
    " parse_qs:query protect:shield quote:quoting render:templates same:secrets"
    " send_file:sendfile urlencode:quoting "
)


def room_of(error, module):
    """Return the room that has a name of the package's, after error (ImportError) told that
    there is none of that name, module ('web.*'). Raises what is to be raised if it is not."""
    start = _LAZY.find(" " + module[4:] + ":")
    if start < 0 or module not in str(error):
        from web._missing import explained

        raise explained(error, module)
    start += len(module) - 2
    web.forget("_more")  # each name is looked up once
    return getattr(web, _LAZY[start : _LAZY.find(" ", start)])
