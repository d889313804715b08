import web
try:
    import ssl
except ImportError:
    import tls as ssl

app = web.App(port=443, max_connections=4)

@app.get('/')
async def index(r):
    return 'Hello, safely!'

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
with open('cert.der', 'rb') as cert, open('key.der', 'rb') as key:
    context.load_cert_chain(cert.read(), key.read())
app.run(ssl=context)
