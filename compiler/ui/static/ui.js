"use strict";
// A page of what still runs follows it: the server says when something has changed, and the page's content is fetched anew.
(() => {
  const live = () => document.querySelector("[data-live]");
  if (!live() || !window.EventSource) return;
  const source = new EventSource(location.pathname + "/events");
  source.onmessage = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const old = document.querySelector("main");
    const at = document.activeElement && old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const places = [...old.querySelectorAll("[tabindex]")].map((each) => each.scrollTop);
    old.replaceChildren(...fresh.childNodes);
    [...old.querySelectorAll("[tabindex]")].forEach((each, number) => { each.scrollTop = places[number] || 0; });
    if (at) [...old.querySelectorAll("a")].find((each) => each.getAttribute("href") === at)?.focus({ preventScroll: true });
    if (!live()) source.close();
  };
})();
