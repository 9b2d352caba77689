// Theme, sortable tables, the filter of the layers, and what print needs. The page reads without it.
'use strict';
document.documentElement.classList.add('scripted');

(() => {
  const root = document.documentElement;
  const button = document.getElementById('theme');
  const themes = ['auto', 'light', 'dark'];
  // A page that is opened as a file may have no storage.
  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem('linnet-theme');
      localStorage.setItem('linnet-theme', value);
    } catch (error) {
      return null;
    }
    return null;
  };
  const show = (theme) => {
    if (theme === 'auto') delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.textContent = 'Theme: ' + theme;
  };
  let theme = themes.includes(stored()) ? stored() : 'auto';
  show(theme);
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    stored(theme);
    show(theme);
  });
})();

// A click on a heading sorts by its column, the largest number or the first word first; again turns it round. Cells without
// a value stay at the end.
(() => {
  const keyOf = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent;
    if (text === '') return null;
    return numeric ? Number(text) : text;
  };
  const sort = (table, column, numeric, direction) => {
    const body = table.tBodies[0];
    const keyed = Array.from(body.rows, (row) => ({ row, key: keyOf(row, column, numeric) }));
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      const order = numeric ? a.key - b.key : a.key.localeCompare(b.key, 'en', { numeric: true });
      return direction * order;
    });
    body.append(...keyed.map((entry) => entry.row));
  };
  for (const table of document.querySelectorAll('table.sortable')) {
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      const numeric = head.classList.contains('n');
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      button.title = head.title;
      head.replaceChildren(button);
      head.removeAttribute('title');
      const isIndex = column === 0 && numeric;
      if (isIndex) head.setAttribute('aria-sort', 'ascending');
      button.addEventListener('click', () => {
        const before = head.getAttribute('aria-sort');
        const first = numeric && !isIndex ? 'descending' : 'ascending';
        const next = before === null ? first : before === 'ascending' ? 'descending' : 'ascending';
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', next);
        sort(table, column, numeric, next === 'ascending' ? 1 : -1);
      });
    });
  }
})();

(() => {
  const filter = document.getElementById('filter');
  const count = document.getElementById('filter-count');
  const rows = Array.from(document.querySelectorAll('#layer-table tbody tr'));
  const texts = rows.map((row) =>
      Array.from(row.cells).slice(1, 5).map((cell) => cell.textContent).join(' ').toLowerCase());
  filter.addEventListener('input', () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter((word) => word);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every((word) => texts[i].includes(word));
      if (!row.hidden) ++shown;
    });
    count.textContent = shown === rows.length ? `${shown} layers` : `${shown} of ${rows.length} layers`;
  });
  // A link to a row that the filter hides would lead nowhere.
  window.addEventListener('hashchange', () => {
    const row = /^#layer-\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (!row || !row.hidden) return;
    filter.value = '';
    filter.dispatchEvent(new Event('input'));
    row.scrollIntoView();
  });
})();

// Paper shows what is folded away.
(() => {
  let opened = [];
  window.addEventListener('beforeprint', () => {
    opened = Array.from(document.querySelectorAll('details:not([open])'));
    opened.forEach((details) => { details.open = true; });
  });
  window.addEventListener('afterprint', () => opened.forEach((details) => { details.open = false; }));
})();
