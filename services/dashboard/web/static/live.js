// A page that updates itself: when something of its region was heard, htmx fetches its main part anew.
(() => {
  const main = document.querySelector("main[data-pulse]");
  if (!main || !window.EventSource) return;
  const source = new EventSource(main.dataset.pulse);
  let waiting = false;
  source.addEventListener("pulse", () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      const busy = document.activeElement && document.activeElement.closest("main form");
      if (!busy) document.body.dispatchEvent(new CustomEvent("pulse"));
    }, 300);
  });
  window.addEventListener("pagehide", () => source.close());
})();
