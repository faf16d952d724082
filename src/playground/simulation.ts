/** The pane in which a program runs: one schedule step by step, or a hunt for two that contradict each other. */
import type { Plan } from "../compiler/plan.ts";
import { drawRunSvg, drawWitnessSvg } from "../pictures/space-time.ts";
import { scenesOf } from "../pictures/story.ts";
import { factText } from "../runtime/codec.ts";
import { eventsOf } from "../verify/events.ts";
import { countsOf, huntBare, programsOf } from "../verify/hunt.ts";
import { schedules } from "../verify/schedule.ts";
import type { ScheduleName } from "../verify/schedule.ts";
import { simulate } from "../verify/simulator.ts";
import type { SimulationResult } from "../verify/simulator.ts";
import { element, make } from "./page.ts";

/** What a page without files can give to a program that imports some. */
const noImports = (module: string): never => {
  throw new Error(`the program imports ${module}, and this page has no files`);
};

/** Inputs that the hunt tries; more would stop the page for too long. */
const tries = 30;

export class SimulationPane {
  #plan: Plan | null = null;
  #result: SimulationResult | null = null;
  readonly #step = element<HTMLInputElement>("step");
  readonly #events = element<HTMLTextAreaElement>("events");

  constructor() {
    const select = element<HTMLSelectElement>("schedule");
    for (const name of Object.keys(schedules)) select.append(make("option", name));
    select.value = "random";
    element("start").addEventListener("click", () => this.#attempt(() => this.#run()));
    element("hunt").addEventListener("click", () => {
      this.#tell("Looking…");
      // So that the page shows it first.
      setTimeout(() => this.#attempt(() => this.#hunt()), 20);
    });
    this.#step.addEventListener("input", () => this.#draw());
    element("back").addEventListener("click", () => this.#move(-1));
    element("next").addEventListener("click", () => this.#move(1));
  }

  /** Null where the program has errors. */
  show(plan: Plan | null): void {
    this.#plan = plan;
    this.#clear();
    for (const id of ["start", "hunt"]) element<HTMLButtonElement>(id).disabled = plan === null;
    this.#tell(plan === null ? "The program has errors, so that it cannot run yet." : "");
  }

  set events(text: string) {
    this.#events.value = text;
  }

  #clear(): void {
    this.#result = null;
    element("steps").hidden = true;
    element("diagram").replaceChildren();
    element("contents").replaceChildren();
  }

  #attempt(what: () => void): void {
    this.#clear();
    try {
      what();
    } catch (error) {
      this.#tell((error as Error).message, true);
    }
  }

  #tell(text: string, isWrong = false): void {
    const told = element("told");
    told.textContent = text;
    told.className = isWrong ? "wrong" : "";
  }

  #run(): void {
    const plan = this.#plan!;
    const programs = programsOf(plan, noImports);
    const counts = countsOf(plan.analysis.ir);
    const { inputs, problem } = eventsOf(this.#events.value, programs, counts);
    if (problem !== null) throw new Error(`line ${problem.line} of the events: ${problem.text}`);
    this.#result = simulate({
      programs,
      deployment: { counts },
      inputs,
      schedule: element<HTMLSelectElement>("schedule").value as ScheduleName,
      seed: Number(element<HTMLInputElement>("seed").value),
    });
    const count = scenesOf(this.#result.trace).length;
    this.#step.max = String(count);
    this.#step.value = String(count);
    element("steps").hidden = count === 0;
    const { faults, awaited } = this.#result;
    this.#tell(
      [
        count === 0 ? "Nothing happens: there are no events." : `${count} steps that show something.`,
        ...faults.map(({ at, code, message }) => `${at}: ${code} ${message}`),
        ...awaited.map(({ at, collection }) => `${at} waits for seals of ${collection}.`),
      ].join(" "),
      faults.length > 0,
    );
    this.#draw();
  }

  #move(by: number): void {
    this.#step.value = String(Number(this.#step.value) + by);
    this.#draw();
  }

  #draw(): void {
    const result = this.#result;
    if (result === null) return;
    const shown = Number(this.#step.value);
    element("count").textContent = `${shown} of ${this.#step.max}`;
    element("diagram").innerHTML = drawRunSvg("", result.trace, [...this.#plan!.analysis.ir.roles.keys()], shown);
    if (shown < Number(this.#step.max)) {
      element("contents").replaceChildren();
      return;
    }
    const rows = result.outputs.map(({ output, address, now }) => {
      const facts = now.map((row) => factText(output.slice(output.indexOf(".") + 1), row));
      return make(
        "tr",
        make("td", make("code", `${output} at ${address}`)),
        make("td", make("code", facts.join(", ") || "nothing")),
      );
    });
    element("contents").replaceChildren(make("h2", "Outputs at the end"), make("table", make("tbody", ...rows)));
  }

  #hunt(): void {
    const plan = this.#plan!;
    const outputs = plan.outputs.map(({ output }) => output);
    const { hunted, how } = huntBare(plan, outputs, noImports, tries);
    if (hunted.witness === null) {
      this.#tell(
        `${hunted.runs.toLocaleString("en")} runs ${how} over ${tries} small inputs gave no two that contradict each other. That is no proof that there are none.`,
      );
      return;
    }
    this.#tell(`Found ${how}, and cut down to as few facts and steps as it takes.`);
    element("diagram").innerHTML = drawWitnessSvg(hunted.witness, `${hunted.witness.output} depends on order`);
  }
}
