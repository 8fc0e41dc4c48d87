/**
 * The layout report: options ({@link org.lanenorm.jmh.report.Profile}), what to measure (Plan),
 * measuring (Measuring), reading results (Results), comparing them (Verdict), charts and page.
 * Everything after the measuring is a function of {@code results.json} and {@code machine.json}
 * alone.
 */
package org.lanenorm.jmh.report;
