"""The web app: which pages there are, and who may ask for them.

It listens on loopback alone and changes nothing. A browser is let in by the token of the address that `flowc ui` prints; it becomes a
cookie. A page of another site can neither read an answer (no CORS, `Host` and `Origin` are checked) nor frame one.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from flowc.store.protocol import Store, StoreError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from compiler.call.history import NoRunError
from compiler.mistakes import CallError
from compiler.ui import live, pages
from compiler.ui.library import Library
from compiler.ui.value import shown_value

_COOKIE = "flowc-token"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_CARD_POLICY = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; font-src data:"
)
"""A card is a page of the author's: it may run its own scripts, in an origin of its own and without any network."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LINKS = pages.Links()

Next = Callable[[Request], Awaitable[Response]]


def app(store: Store, token: str, hosts: frozenset[str]) -> Starlette:
    """The app over one store; `hosts` are the names under which it may be asked, with the port."""
    library = Library(store)
    made = _Pages(library, token)
    at_run, at_task = "/flow/{flow}/run/{run}", "/flow/{flow}/run/{run}/task/{step}/{index}"
    routes = [
        Route("/", made.flows),
        Route("/compare", made.compare),
        Route("/flow/{flow}", made.runs),
        Route(at_run, made.run),
        Route(f"{at_run}/events", made.events),
        Route(f"{at_run}/step/{{step}}", made.step),
        Route(at_task, made.task),
        Route(f"{at_task}/events", made.events),
        Route(f"{at_task}/card/{{number:int}}", made.card),
        Route(f"{at_task}/live/{{number:int}}", made.live_card),
        Route(f"{at_task}/value/{{name}}", made.value, methods=["POST"]),
        Mount("/static", StaticFiles(directory=pages.STATIC)),
    ]
    found = Starlette(routes=routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard(token, hosts))])
    for kind in (CallError, StoreError):
        found.add_exception_handler(kind, _told)
    found.add_exception_handler(404, _missing)
    return found


def _guard(token: str, hosts: frozenset[str]) -> Callable[[Request, Next], Awaitable[Response]]:
    async def dispatch(request: Request, following: Next) -> Response:
        if request.headers.get("host", "") not in hosts:
            return PlainTextResponse("this address is not that of the app", 421)
        origin = request.headers.get("origin")
        if request.method == "POST" and origin not in {f"http://{host}" for host in hosts}:
            return PlainTextResponse("this comes from another site", 403)
        given = request.query_params.get("token", "")
        if given and _same(given, token):
            answer: Response = RedirectResponse(str(request.url.remove_query_params("token")), 303)
            answer.set_cookie(_COOKIE, token, httponly=True, samesite="strict", path="/")
        elif not _same(request.cookies.get(_COOKIE, ""), token):
            answer = PlainTextResponse("open the address that `flowc ui` has printed: it holds the token", 401)
        else:
            answer = await following(request)
        for name, value in {"Content-Security-Policy": _POLICY, **_HEADERS}.items():
            answer.headers.setdefault(name, value)
        return answer

    return dispatch


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


async def _told(_: Request, error: Exception) -> Response:
    is_missing = isinstance(error, NoRunError)
    title = "There is no such thing" if is_missing else "That did not work"
    return HTMLResponse(pages.message_page(_LINKS, title, str(error)), 404 if is_missing else 502)


async def _missing(_: Request, __: Exception) -> Response:
    return HTMLResponse(
        pages.message_page(_LINKS, "There is no such page", "The list of flows leads to all that there is."), 404
    )


class _Pages:
    """The pages as answers; the store is read in threads, so that one slow answer keeps no other."""

    def __init__(self, library: Library, token: str) -> None:
        self._library, self._token = library, token

    async def flows(self, _: Request) -> Response:
        return await self._html(lambda: pages.flows_page(_LINKS, self._library.store.url, self._library.flows()))

    async def runs(self, request: Request) -> Response:
        flow, asked = request.path_params["flow"], request.query_params
        chosen = {name: asked.get(name, "") for name in ("status", "tag", "user")}

        def page() -> str:
            return pages.runs_page(_LINKS, flow, self._library.runs(flow, asked.get("before", ""), **chosen), chosen)

        return await self._html(page)

    async def run(self, request: Request) -> Response:
        flow, run = request.path_params["flow"], request.path_params["run"]
        return await self._html(lambda: pages.run_page(_LINKS, self._library.run(flow, run), is_live=True))

    async def step(self, request: Request) -> Response:
        flow, run, step = (request.path_params[name] for name in ("flow", "run", "step"))
        number = request.query_params.get("page", "0")
        at = int(number) if number.isdecimal() and len(number) < 10 else 0  # noqa: PLR2004 - no run has so many
        return await self._html(
            lambda: pages.step_page(_LINKS, flow, run, step, self._library.step(flow, run, step, at))
        )

    async def task(self, request: Request) -> Response:
        def page() -> str:
            state = self._library.task(*_place(request))
            rounds = () if state.address.iteration is not None else self._library.iterations(state)
            live_cards = self._library.live_cards(state)
            return pages.task_page(_LINKS, state, rounds, may_show=True, live_cards=live_cards)

        return await self._html(page)

    async def value(self, request: Request) -> Response:
        name, place = request.path_params["name"], _place(request)

        def page() -> str:
            state = self._library.task(*place)
            if state.manifest is None or name not in state.manifest:
                raise NoRunError(f"{'/'.join(place)} has no artifact {name}")
            return pages.value_page(_LINKS, state, name, shown_value(self._library.store.url, *place, name))

        return await self._html(page)

    async def card(self, request: Request) -> Response:
        def page() -> bytes:
            state = self._library.task(*_place(request))
            number: int = request.path_params["number"]
            if state.manifest is None or number >= len(state.manifest.cards):
                raise NoRunError(f"{'/'.join(_place(request))} has no card {number}")
            return bytes(state.manifest.card(state.manifest.cards[number]))

        return HTMLResponse(await run_in_threadpool(page), headers={"Content-Security-Policy": _CARD_POLICY})

    async def live_card(self, request: Request) -> Response:
        def page() -> bytes:
            state, number = self._library.task(*_place(request)), request.path_params["number"]
            found = next((each for each in self._library.live_cards(state) if each.number == number), None)
            if found is None:
                raise NoRunError(f"{'/'.join(_place(request))} shows no card {number} while it runs")
            return bytes(self._library.store.get(found.key).data)

        return HTMLResponse(await run_in_threadpool(page), headers={"Content-Security-Policy": _CARD_POLICY})

    async def compare(self, request: Request) -> Response:
        flow, runs = request.query_params.get("flow", ""), request.query_params.getlist("run")
        if len(runs) != 2:  # noqa: PLR2004 - two are compared
            raise CallError("mark two runs, and compare these")
        return await self._html(lambda: pages.compare_page(_LINKS, *(self._library.run(flow, run) for run in runs)))

    async def events(self, request: Request) -> Response:
        place = [str(each) for each in request.path_params.values()]
        told = live.changes(lambda: run_in_threadpool(self._library.mark, *place), request.is_disconnected)
        return StreamingResponse(told, media_type="text/event-stream")

    async def _html(self, page: Callable[[], str]) -> Response:
        return HTMLResponse(await run_in_threadpool(page))


def _place(request: Request) -> tuple[str, str, str, str]:
    found = request.path_params
    return found["flow"], found["run"], found["step"], found["index"]
