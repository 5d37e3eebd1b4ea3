"""The workplace as an application that another server runs."""

from pathlib import Path

import httpx

from folkmoot import create_app
from folkmoot.assembly import Settings
from folkmoot.home import Home
from tests.serving import TOKEN


async def test_it_opens_with_its_lifespan_and_closes_with_it_twice(tmp_path: Path) -> None:
    settings = Settings.model_validate({"FOLKMOOT_HOME": tmp_path, "MODEL": "offline", "ADMIN_TOKEN": TOKEN})
    app = create_app(settings, pages=False)
    for _ in range(2):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
        async with app.router.lifespan_context(app), client:
            assert (await client.get("/api/agents")).status_code == 401
            listed = await client.get("/api/agents", headers={"Authorization": f"Bearer {TOKEN}"})
            assert listed.json() == {"agents": [], "total": 0}
        assert Home(tmp_path).owner() is None
