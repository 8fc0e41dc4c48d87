/**
 * The command line. {@link org.lanenorm.cli.Main} finds the command; a command's class holds its
 * options and the order of its work; {@code Inputs}, {@code Params} and {@code Outputs} know where
 * files are, and {@link org.lanenorm.files} what is in them; everything printed goes through {@code
 * Table} or {@code NormalizePrinter}.
 *
 * <p>{@code verify} starts a JVM per back end ({@code VerifyWorker}), as a JVM has one for life,
 * and compares what they say ({@code VerifyReport}).
 */
package org.lanenorm.cli;
