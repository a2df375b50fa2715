// Attachments: chosen, dropped or pasted; each shows its progress, a failure keeps everything else and can be tried again.
// The form names data-upload-url (answers {"id", "name", "size"}) and data-max-bytes; rows go to [data-files] as file_ids.
const { sn } = globalThis;
const w = sn.words;
const size = (n) => (n < 1048576 ? `${Math.max(1, Math.round(n / 1024))} KB` : `${(n / 1048576).toFixed(1)} MB`);

sn.each('form[data-upload-url]', (form) => {
  const box = form.querySelector('[data-files]'); const max = +form.dataset.maxBytes || 0;
  if (!box || !form.dataset.uploadUrl) return;
  function button(label, run) { const b = document.createElement('button'); b.type = 'button'; b.setAttribute('aria-label', label); b.title = label; b.textContent = label === w.retry ? '↻' : '×'; b.addEventListener('click', run); return b; }
  function put(file) {
    const row = document.createElement('span'); row.className = 'sn-file';
    const label = document.createElement('span'); label.className = 'sn-cut'; label.textContent = `${file.name || 'image.png'} · ${size(file.size)}`;
    row.append(label, button(w.remove, () => row.remove())); box.append(row);
    form.classList.add('is-open');
    if (max && file.size > max) { row.classList.add('is-bad'); label.textContent = sn.fill(w.tooLarge, { name: file.name, size: size(max) }); sn.say(label.textContent); return; }
    const bar = document.createElement('progress'); bar.max = 1; bar.value = 0; label.after(bar);
    const data = new FormData(); data.append('file', file, file.name || 'image.png');
    const x = new XMLHttpRequest(); x.open('POST', form.dataset.uploadUrl); x.setRequestHeader('X-CSRFToken', sn.csrf());
    x.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; };
    const bad = () => { bar.remove(); row.classList.add('is-bad'); label.textContent = sn.fill(w.uploadFailed, { name: file.name }); label.after(button(w.retry, () => { row.remove(); put(file); })); sn.say(label.textContent); };
    x.onerror = bad;
    x.onload = () => {
      if (x.status >= 300) { bad(); return; }
      let got = {}; try { got = JSON.parse(x.responseText); } catch { bad(); return; }
      bar.remove(); const id = document.createElement('input'); id.type = 'hidden'; id.name = 'file_ids'; id.value = got.id; row.prepend(id);
      form.dispatchEvent(new Event('change', { bubbles: true }));
    };
    x.send(data);
  }
  const take = (files) => [...files].forEach(put);
  form.querySelectorAll('[data-upload]').forEach((i) => i.addEventListener('change', () => { take(i.files); i.value = ''; }));
  form.addEventListener('paste', (e) => { const files = [...(e.clipboardData?.files || [])]; if (files.length) { e.preventDefault(); take(files); } });
  const zone = form.closest('[data-drop]') || form; let depth = 0;
  const has = (e) => [...(e.dataTransfer?.types || [])].includes('Files');
  zone.addEventListener('dragenter', (e) => { if (has(e)) { depth += 1; zone.classList.add('is-dropping'); } });
  zone.addEventListener('dragleave', () => { depth = Math.max(0, depth - 1); if (!depth) zone.classList.remove('is-dropping'); });
  zone.addEventListener('dragover', (e) => { if (has(e)) e.preventDefault(); });
  zone.addEventListener('drop', (e) => { if (!has(e)) return; e.preventDefault(); depth = 0; zone.classList.remove('is-dropping'); take(e.dataTransfer.files); });
  box.addEventListener('click', (e) => e.target.closest('[data-remove]')?.closest('.sn-file')?.remove());
});
