/** How much of a step's name errors and the task tree show, in UTF-16 units. */
const LONGEST = 40

/** The name of a step as errors and the task tree show it: cut, as a name may hold what it was made of. */
export function shownName(name: string): string {
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1).toWellFormed()}…` : name
}
