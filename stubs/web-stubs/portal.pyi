from web._types import Names
from web.app import App

class Portal:
    online: bool
    async def stop(self) -> None: ...

def captive(app: App, ip: str, page: str = "/", hosts: Names = (), port: int = 53) -> Portal: ...
