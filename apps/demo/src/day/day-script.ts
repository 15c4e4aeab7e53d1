/**
 * The script of the page of the day: puts in what has changed as it comes. What a person has unfolded stays so, and
 * the keyboard stays where it was.
 */
export const DAY_SCRIPT = `const touched = new Set()
document.addEventListener('click', ({ target }) => {
  const step = target.closest?.('summary')?.closest('li')
  if (step) touched.add(step.id)
})
const put = ({ data }) => {
  const { id, html } = JSON.parse(data)
  const old = document.getElementById(id)
  const focused = document.activeElement
  const had = old.contains(focused) ? focused.closest('[data-key]')?.dataset.key : undefined
  const open = old.querySelector('details')?.open
  const holder = document.createElement('template')
  holder.innerHTML = html
  const next = holder.content.firstElementChild
  if (next.outerHTML === old.outerHTML) return
  const details = next.querySelector('details')
  if (details && touched.has(id)) details.open = open
  old.replaceWith(next)
  if (had) (next.querySelector('[data-key="' + had + '"]') ?? next.querySelector('[data-key]'))?.focus()
}
const follow = () => {
  const source = new EventSource('/day/events')
  source.addEventListener('part', put)
  // Of a server that has ended nothing more comes.
  source.addEventListener('end', () => source.close())
  // A browser goes on by itself after a lost connection, not after a refusal: too many follow.
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 3000)
  })
}
follow()
`
