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
  const told = [...new FormData(form)].filter(([name, value]) => name !== "kind" && typeof value === "string" && value);
  const query = new URLSearchParams([["name", file.name], ...told]);
  const answer = await fetch(`${form.dataset.upload}${form.elements.kind.value}?${query}`, {
    method: "POST", body: file, headers: { "x-form-token": form.dataset.token, "hx-request": "true", "content-type": "text/csv" },
  });
  into.innerHTML = await answer.text();
});

// the work of an earlier turn is folded when the next one begins
document.addEventListener("htmx:after:swap", () => {
  const works = [...document.querySelectorAll("details.work")];
  for (const work of works.slice(0, -1)) work.open = false;
});

// a turn whose stream was cut goes on without us: once the server answers again, the conversation is read anew
const sayings = (event) => event.target.closest && event.target.closest(".said form");
document.addEventListener("htmx:sse:close", (event) => {
  const end = [...document.querySelectorAll(".turn.machine > [id$='-end']")].at(-1);
  const form = sayings(event);
  if (form && end && end.querySelector(".working")) readAgain(end, form.matches(".say"));
});
document.addEventListener("htmx:error", (event) => {
  const form = sayings(event);
  if (!form || form.querySelector("[role=alert]")) return;
  form.insertAdjacentHTML("beforeend", '<p class="note block" role="alert">The server did not answer, so this was not sent. Try again in a moment.</p>');
  form.addEventListener("submit", () => form.querySelector("[role=alert]")?.remove(), { once: true });
});
async function readAgain(end, said) {
  end.innerHTML = '<p class="working">The line was cut; the agents go on. Waiting for the server…</p>';
  const id = document.getElementById("conversation").value;
  if (said) sessionStorage.setItem("said", end.parentElement.previousElementSibling.textContent.trim());
  for (let wait = 500; ; wait = Math.min(wait * 2, 4000)) {
    await new Promise((done) => setTimeout(done, wait));
    const answer = await fetch(`/chat/${id}`).catch(() => null);
    if (answer && answer.ok) return location.assign(`/chat/${id}`);
  }
}

// words that never arrived are back in the field
const unheard = sessionStorage.getItem("said");
if (unheard !== null && document.getElementById("say")) {
  sessionStorage.removeItem("said");
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const heard = [...document.querySelectorAll(".turn.person")].some((turn) => plain(turn.textContent) === plain(unheard));
  if (!heard) document.getElementById("say").value = unheard;
}
