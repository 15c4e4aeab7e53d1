/**
 * Keeps the page up to date. What comes is HTML that the server has escaped; it is put into the page by changing what
 * differs, so that the focus, the selection and the place of scrolling stay. No module: it has nothing to import.
 */
export const CLIENT_SCRIPT = `(() => {
  const state = document.getElementById('live-state')
  const region = document.getElementById('live')
  if (!state || !region) return
  const words = state.dataset
  const dot = document.createElement('span')
  const text = document.createElement('span')
  const button = document.createElement('button')
  dot.className = 'dot'
  text.setAttribute('role', 'status')
  button.type = 'button'
  button.className = 'quiet small'
  state.replaceChildren(dot, text, button)
  let source
  const show = (kind) => {
    state.dataset.kind = kind
    if (text.textContent !== words[kind]) text.textContent = words[kind]
    button.textContent = kind === 'off' ? words.resume : words.pause
  }
  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName
  const morph = (from, to) => {
    if (from.nodeType !== 1) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue
      return
    }
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name)
    for (const { name, value } of [...to.attributes]) {
      if (from.getAttribute(name) !== value) from.setAttribute(name, value)
    }
    children(from, to)
  }
  const children = (from, to) => {
    const next = [...to.childNodes]
    for (const [at, node] of next.entries()) {
      const old = from.childNodes[at]
      if (!old) from.append(node)
      else if (same(old, node)) morph(old, node)
      else old.replaceWith(node)
    }
    while (from.childNodes.length > next.length) from.lastChild.remove()
  }
  const start = () => {
    source = new EventSource(words.source)
    source.addEventListener('open', () => show('on'))
    source.addEventListener('page', ({ data }) => {
      show('on')
      const template = document.createElement('template')
      template.innerHTML = data
      children(region, template.content)
    })
    source.addEventListener('trouble', () => show('trouble'))
    source.addEventListener('error', () => show('lost'))
  }
  const stop = () => {
    source?.close()
    source = undefined
  }
  let wanted = true
  const follow = () => {
    stop()
    if (wanted && !document.hidden) start()
  }
  button.addEventListener('click', () => {
    wanted = !wanted
    show(wanted ? 'on' : 'off')
    follow()
  })
  // A page that nobody sees asks nothing of the database.
  document.addEventListener('visibilitychange', follow)
  addEventListener('pagehide', stop)
  addEventListener('pageshow', follow)
  show('on')
})()
`
