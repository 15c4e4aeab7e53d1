/** The page's only script: sends the file as it is, so that it streams, and shows how far it got. */
export const UPLOAD_SCRIPT = `const form = document.querySelector('#upload')
form.addEventListener('submit', (event) => {
  event.preventDefault()
  const [file] = form.elements.document.files
  const progress = form.querySelector('progress')
  const problem = form.querySelector('[role=alert]')
  const fail = (message) => {
    problem.textContent = message
    progress.hidden = true
  }
  problem.textContent = ''
  progress.hidden = false
  const request = new XMLHttpRequest()
  request.open('PUT', form.dataset.url)
  request.responseType = 'json'
  request.setRequestHeader('content-type', 'application/pdf')
  request.setRequestHeader('x-filename', encodeURIComponent(file.name))
  request.upload.onprogress = ({ loaded, total }) => { progress.value = loaded / total }
  request.onload = () => {
    if (request.status === 201) return location.reload()
    const { fields = [], message } = request.response?.error ?? {}
    fail(fields.map((field) => field.message).join(' ') || message || form.dataset.failed)
  }
  request.onerror = () => fail(form.dataset.failed)
  request.send(file)
})
`
