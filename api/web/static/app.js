// Theme, one key for the main places, and buttons that say what they will write. Everything works without this file but the theme.
const root = document.documentElement;
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  }
  const told = event.target.closest("[data-say]");
  if (told) {
    const field = document.getElementById(told.dataset.into);
    field.value = told.dataset.say;
    field.focus();
  }
});

// "g" then a letter goes to a place, "/" to the field that is typed in
let went = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) {
    if (event.key === "Enter" && event.target.matches("textarea[data-enter]") && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
    return;
  }
  if (event.key === "g") went = Date.now();
  else if (event.key === "/") {
    const field = document.querySelector("[data-first]");
    if (field) { event.preventDefault(); field.focus(); }
  } else if (Date.now() - went < 1500) {
    const place = { c: "/chat", a: "/approvals", l: "/campaigns", p: "/policies", u: "/audit", s: "/settings" }[event.key];
    went = 0;
    if (place) location.assign(place);
  }
});

// what comes in while agents work stays in sight
document.addEventListener("htmx:after:swap", () => {
  const say = document.querySelector(".turns:has(.turn) ~ .say");
  if (say) say.scrollIntoView({ block: "end", behavior: "instant" });
});

// a file is the body of its request, as it is for the API
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form) return;
  event.preventDefault();
  const file = form.querySelector("input[type=file]").files[0];
  const into = document.getElementById(form.dataset.into);
  into.innerHTML = '<p class="working">Reading it in…</p>';
  const answer = await fetch(`${form.dataset.upload}${form.elements.kind.value}?name=${encodeURIComponent(file.name)}`, {
    method: "POST", body: file, headers: { "x-form-token": form.dataset.token, "hx-request": "true", "content-type": "text/csv" },
  });
  into.innerHTML = await answer.text();
});

// the work of an earlier turn is folded when the next one begins
document.addEventListener("htmx:after:swap", () => {
  const works = [...document.querySelectorAll("details.work")];
  for (const work of works.slice(0, -1)) work.open = false;
});
