'use strict';

// The sum of the target diameters of a follow-up, labelled as arithmetic.

const mmText = (value) => (value === null ? '–' : value.toFixed(1));
const signed = (value, digits) =>
  value === null
    ? '–'
    : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

function fillRecist(recist) {
  by('recist-title').textContent = `${recist.rule} arithmetic`;
  by('recist-statement').textContent = recist.statement;
  by('recist-head').append(
    tableLine('th', ['pair', 'organ', 'axis', 'before', 'after mm']),
  );
  by('recist-rows').append(
    ...recist.targets.map((target) =>
      tableLine('td', [
        target.pair,
        target.organ || '–',
        target.axis,
        mmText(target.baseline_mm),
        mmText(target.follow_up_mm),
      ]),
    ),
    tableLine('td', [
      'sum', '', '',
      mmText(recist.baseline_sum_mm),
      mmText(recist.follow_up_sum_mm),
    ]),
  );
  by('recist-rows').lastChild.className = 'sum';
  by('recist-result').textContent = [
    `Change ${signed(recist.change_mm, 1)} mm, ` +
      `${signed(recist.change_percent, 1)} %`,
    `targets ${recist.target_response || '–'}`,
    `overall ${recist.overall_response || '–'}`,
  ].join('; ');
  by('recist-reasons').append(
    ...recist.reasons.map((reason) => element('li', reason)),
  );
}

function tableLine(tag, texts) {
  const line = element('tr');
  line.append(...texts.map((text) => element(tag, `${text}`)));
  return line;
}
