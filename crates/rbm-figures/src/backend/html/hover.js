// Shows the value nearest to the pointer at once and on touch, instead of the browser's own slow
// tooltips. Without this script the tooltips still work.
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  let lit = null;
  const hide = () => {
    tip.hidden = true;
    lit?.classList.remove("lit");
    lit = null;
  };
  const centre = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  for (const plot of document.querySelectorAll("svg.plot")) {
    const texts = new Map();
    for (const title of plot.querySelectorAll(".hover title, rect title")) {
      texts.set(title.parentNode, title.textContent);
      title.remove();
    }
    const show = (event) => {
      let [best, reach] = [null, 28];
      for (const mark of texts.keys()) {
        const [x, y] = centre(mark);
        const bar = mark.tagName === "rect" && mark === event.target;
        const distance = bar ? 0 : Math.hypot(x - event.clientX, y - event.clientY);
        if (distance < reach) [best, reach] = [mark, distance];
      }
      hide();
      if (!best) return;
      lit = best;
      lit.classList.add("lit");
      tip.textContent = texts.get(best);
      tip.hidden = false;
      const [x, y] = centre(best);
      const left = Math.min(Math.max(8, x - tip.offsetWidth / 2), innerWidth - tip.offsetWidth - 8);
      const above = y - tip.offsetHeight - 12;
      tip.style.left = `${left}px`;
      tip.style.top = `${above > 4 ? above : y + 14}px`;
    };
    plot.addEventListener("pointermove", show);
    plot.addEventListener("pointerdown", show);
    plot.addEventListener("pointerleave", hide);
  }
  addEventListener("scroll", hide, { passive: true });
})();
