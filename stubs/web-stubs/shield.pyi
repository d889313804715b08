from web._types import Names
from web.app import App

def protect(app: App, hosts: Names = (), origins: Names = ()) -> None: ...
