# The client's TLS: which servers it trusts.
from micropython import const

_CERT_NONE = const(0)
_CERT_REQUIRED = const(2)
_CONN_EOF = const(-0x7280)  # of Mbed TLS
_CA_CHAIN_REQUIRED = const(-0x7680)


def judge(context, verify):
    """Return the SSLContext, a new one for None, having it check certificates as told.
    Raises OSError when the firmware can't."""
    if context is None:
        import tls  # what ssl is made of; this is all that some firmware has

        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    # also when it is given: those of micropython-lib's ssl begin with CERT_NONE
    context.verify_mode = mode = _CERT_REQUIRED if verify else _CERT_NONE
    if context.verify_mode != mode:  # axTLS checks nothing
        raise OSError("this firmware can't check certificates")
    return context


def secure(conn, context, host):
    """Have TLS speak for the connection, of which host's certificate is expected. The
    handshake takes place when it is first written."""
    conn.raw = conn.sock
    conn.touched = True
    conn.sock = conn.entry[2] = context.wrap_socket(
        conn.sock, server_hostname=host, do_handshake_on_connect=False
    )


def explain(e):
    """Return the exception to raise for one of TLS, or for any other."""
    if isinstance(e, ValueError):
        return OSError("certificate: " + str(e).strip().replace("\n", "; "))
    if isinstance(e, OSError):
        if e.errno == _CA_CHAIN_REQUIRED:
            return OSError("certificate: no authority is trusted, see ssl=")
        if e.errno == _CONN_EOF:
            return OSError(104)  # ECONNRESET
    return e
