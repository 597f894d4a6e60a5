/**
 * The verify page: a form with a file and what to check it by, and below it what came of it. All that it needs is loaded with the page.
 * From then on nothing is asked of the network, and the file never leaves the browser.
 */

import { grouped } from './text.js';
import { printable } from './report.js';
import { verify } from './verify.js';

/** Bytes of a file to check by, at most; the checkers' own limits are narrower. */
const MAX_INPUT_BYTES = 2_000_000;

const ownKey = 'Compare it with one that you have from elsewhere: this check alone shows that the server agrees with itself.';

const byId = id => document.getElementById(id);
const form = byId('verify-form');
const proof = byId('verify-proof');
const key = byId('verify-key');
const progress = byId('verify-progress');
const status = byId('verify-status');
const result = byId('verify-result');

form.addEventListener('submit', event => {
  event.preventDefault();
  run();
});
byId('verify-use-key')?.addEventListener('click', event => {
  key.value = event.currentTarget.dataset.key;
  key.focus();
});
proof.addEventListener('change', clear);
acceptDrops();
byId('verify-start').disabled = false;

async function run() {
  const [file] = proof.files;
  if (!file) return tell('unchecked', 'Choose a proof file first.');
  if (key.value.trim() === '') return tell('unchecked', "Give the log's public key first.");
  busy(true, file);
  try {
    show(await verify(file.stream(), await inputs(), bytes => { progress.value = bytes; }));
  } catch (e) {
    // A file that was moved or changed after it was chosen.
    tell('unchecked', `The file could not be read (${e.message}). Choose it again.`);
  } finally {
    busy(false, file);
  }
}

/** @returns {Promise<import('./trust.js').Inputs>} */
async function inputs() {
  const lines = byId('verify-witnesses').value.split('\n').map(line => line.trim()).filter(line => line !== '');
  const files = ['verify-older', 'verify-consistency', 'verify-policy'];
  const [older, consistency, policy] = await Promise.all(files.map(id => bytesOf(byId(id).files[0])));
  return { key: key.value, witnesses: lines, older, consistency, policy };
}

/** One byte more than any of them may have is enough to refuse it. @param {File | undefined} file */
const bytesOf = async file => file && new Uint8Array(await file.slice(0, MAX_INPUT_BYTES).arrayBuffer());

/** @param {boolean} isBusy @param {File} file */
function busy(isBusy, file) {
  byId('verify-start').disabled = isBusy;
  progress.parentElement.hidden = !isBusy;
  if (!isBusy) return;
  clear();
  [progress.max, progress.value] = [Math.max(1, file.size), 0];
  status.textContent = `Checking ${file.name}, ${grouped(file.size)} bytes …`;
}

function clear() {
  status.textContent = '';
  result.replaceChildren();
}

/** @param {import('./verify.js').Result} outcome */
function show(outcome) {
  if (outcome.verdict !== 'holds') return tell(outcome.verdict, outcome.problem);
  const { report } = outcome;
  status.textContent = `The proof holds. ${report.headline}`;
  result.replaceChildren(
    note(report.conclusion === 'erased' ? 'good' : 'warn', report.headline,
      'The proof holds: the file is authentic, whole and true to the log.'),
    ...isServersKey() ? [note('warn', 'Checked by the key that this server gave.', ownKey)] : [],
    section('What this does NOT prove', list(report.notProven)),
    section('What this proves', list(report.proven)),
    section('What the file says', facts(report.facts)));
}

/** Of what is no proof that holds: how it looks, what it is called, and what to make of it. */
const verdicts = {
  fails: ['bad', 'THE PROOF DOES NOT HOLD', 'Do not rely on anything that it says.'],
  notProven: [
    'warn', 'NOT PROVEN',
    'Its signature and the log’s hashes are right. Do not rely on anything else that it says: it may prove an erasure, or '
    + 'that there was none. Check it with a newer version of this page or of erasure-verify.',
  ],
  unchecked: ['warn', 'NOTHING WAS CHECKED', 'This says nothing about the proof.'],
};

/** @param {keyof typeof verdicts} verdict @param {string} problem */
function tell(verdict, problem) {
  const [look, headline, advice] = verdicts[verdict];
  const why = printable(problem);
  status.textContent = `${headline}: ${why}`;
  result.replaceChildren(note(look, headline, sentence(why), advice));
}

const isServersKey = () => byId('verify-use-key')?.dataset.key === key.value.trim();
const sentence = text => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** What comes from a file is text, never markup. */
function element(name, children, attributes = {}) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...[children].flat());
  return made;
}

const note = (kind, headline, ...sentences) =>
  element('div', [element('h2', headline), ...sentences.map(text => element('p', text))], { class: `note ${kind}` });
const section = (title, content) => element('section', [element('h2', title), content], { class: 'panel' });
const list = sentences => element('ul', sentences.map(text => element('li', text)));

/** @param {[string, string][]} pairs */
function facts(pairs) {
  const rows = pairs.map(([label, text]) => element('div', [element('dt', label || 'Also'), element('dd', element('bdi', text))]));
  return element('dl', rows, { class: 'facts' });
}

/** A file may be dropped anywhere: beside the field the browser would leave the page and open it. */
function acceptDrops() {
  const mark = isOver => byId('verify-drop').classList.toggle('over', isOver);
  document.addEventListener('dragover', event => {
    event.preventDefault();
    mark(true);
  });
  document.addEventListener('dragleave', event => {
    if (!event.relatedTarget) mark(false);
  });
  document.addEventListener('drop', event => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files.length === 0) return;
    // On another file's field it is that file.
    const field = event.target.closest?.('.verify-file')?.querySelector('input[type=file]') ?? proof;
    field.files = event.dataTransfer.files;
    if (field === proof) clear();
  });
}
