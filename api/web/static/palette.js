// Going somewhere by name: ⌘K or Ctrl+K, or its button. And the bell shuts when something else is touched.
const palette = document.getElementById("palette");
if (palette) {
  const field = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  const shown = () => [...list.querySelectorAll("[role=option]:not([hidden])")];

  const choose = (option) => {
    for (const each of list.querySelectorAll("[aria-selected=true]")) each.setAttribute("aria-selected", "false");
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", option.id);
    } else field.removeAttribute("aria-activedescendant");
  };
  const sift = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const option of list.children) {
      const text = option.textContent.toLowerCase();
      option.hidden = !words.every((word) => text.includes(word));
    }
    choose(shown()[0]);
    palette.querySelector("[role=status]").textContent = shown().length ? "" : "Nothing is called that.";
  };
  const open = async () => {
    if (palette.open) return;
    field.value = "";
    palette.showModal();
    const answer = await fetch("/palette", { headers: { "hx-request": "true" } });
    if (answer.status === 204) return location.assign("/sign-in");
    list.innerHTML = answer.ok ? await answer.text() : "";
    sift();
  };

  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) open();
    const option = event.target.closest("#palette [role=option]");
    if (option) location.assign(option.dataset.to);
    if (event.target === palette) palette.close();
  });
  field.addEventListener("input", sift);
  field.addEventListener("keydown", (event) => {
    const options = shown();
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      choose(options[(at + step + options.length) % options.length]);
    } else if (event.key === "Enter" && options[at]) {
      event.preventDefault();
      location.assign(options[at].dataset.to);
    }
  });
}

document.addEventListener("click", (event) => {
  for (const bell of document.querySelectorAll("details[data-shuts][open]")) if (!bell.contains(event.target)) bell.open = false;
});
document.addEventListener("keydown", (event) => {
  const bell = document.querySelector("details[data-shuts][open]");
  if (event.key === "Escape" && bell) {
    bell.open = false;
    bell.querySelector("summary").focus();
  }
});

// on a narrow screen the rail scrolls sideways: where one is stays in sight
const here = document.querySelector(".rail [aria-current]");
if (here) here.scrollIntoView({ inline: "center", block: "nearest" });
