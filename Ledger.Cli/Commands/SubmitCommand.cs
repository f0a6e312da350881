using System.CommandLine;
using System.Diagnostics;
using Ledger.Cli.Client;
using Ledger.Cli.Keys;
using Ledger.Cli.Shell;
using Ledger.Cli.Submit;
using Ledger.Crypto;
using Spectre.Console;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger tx submit</c>: a whole file of operations, resumable.</summary>
internal static class SubmitCommand
{
    private static readonly TimeSpan DrawEvery = TimeSpan.FromMilliseconds(100);

    public static Command Build(Terminal terminal)
    {
        Option<string> file =
            new("--file") { Description = "The file of operations", Required = true, HelpName = "F" };
        Option<OperationFormat> format = new("--format")
        {
            Description = "jsonl: one JSON object per line; binary: length and canonical operation",
            HelpName = "jsonl|binary",
        };
        Option<int?> rate = new("--rate") { Description = "Lines a second at most", HelpName = "R" };
        rate.Validators.Add(result => CommonOptions.Positive(result, "--rate"));
        Option<bool> retryFailed = new("--retry-failed")
        {
            Description = "Try anew what failed in an earlier run, once its cause is mended",
        };
        ExampleCommand command = new(
            "submit", "Submit a file of operations; running it again goes on where it stopped",
            "ledger tx submit --file operations.jsonl --key client.key.json",
            """echo '{"op":"put","namespace":"debian","key":"bash","value":"5.2"}' > one.jsonl""");
        foreach (var option in new Option[]
            { file, format, rate, retryFailed, CommonOptions.Key, CommonOptions.Node, CommonOptions.Timeout })
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            OperationFile operations = new(parsed.GetRequiredValue(file), parsed.GetValue(format));
            if (!File.Exists(operations.Path))
            {
                throw new CliException($"there is no file {operations.Path}", "check its name");
            }

            SubmitSettings settings = new(
                parsed.GetValue(rate), parsed.GetValue(retryFailed),
                TimeSpan.FromSeconds(parsed.GetValue(CommonOptions.Timeout)));
            using var key = KeyFiles.Load(
                parsed.KeyPath(terminal), () => Passphrase.Ask(terminal, "Passphrase"));
            return await RunAsync(terminal, parsed, operations, settings, key, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, OperationFile operations, SubmitSettings settings,
        SigningKey key,
        CancellationToken cancellationToken)
    {
        using var client = parsed.Connect(terminal);
        var genesis = await client.LimitedAsync(client.GenesisAsync, cancellationToken);
        var digest = await operations.DigestAsync(cancellationToken);
        using var journal = SubmitJournal.Open(
            SubmitJournal.PathFor(operations.Path, genesis.Hash, key.PublicKey), digest, genesis.Hash,
            key.PublicKey);
        FileSubmission submission = new(
            client, operations, new(genesis.ChainId, digest, key), journal, settings, terminal.Remark);

        var watch = Stopwatch.StartNew();
        try
        {
            var run = submission.RunAsync(cancellationToken);
            await (terminal.IsInteractive && !parsed.IsJson()
                ? ShowProgressAsync(submission.Totals, operations.Length, run)
                : run);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            PrintTotals(terminal, parsed, submission.Totals, watch.Elapsed);
            terminal.Remark("interrupted; run the same command again to go on from here");
            return ExitCode.Interrupted;
        }

        PrintTotals(terminal, parsed, submission.Totals, watch.Elapsed);
        return submission.Totals is { Failed: 0, Bad: 0 } ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task ShowProgressAsync(SubmitTotals totals, long length, Task run)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        var progress = console.Progress().Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(),
            new RemainingTimeColumn());
        await progress.StartAsync(async context =>
        {
            var bar = context.AddTask("submitting", maxValue: Math.Max(1, length));
            await Polling.WhileRunsAsync(run, DrawEvery, () =>
            {
                bar.Value = totals.BytesRead;
                bar.Description = $"{totals.Applied + totals.AlreadyApplied:N0} applied";
            });
            bar.Value = totals.BytesRead;
        });
        await run;
    }

    private static void PrintTotals(
        Terminal terminal, ParseResult parsed, SubmitTotals totals, TimeSpan elapsed)
    {
        var perSecond = totals.Applied / Math.Max(0.001, elapsed.TotalSeconds);
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                totals.Applied,
                totals.Failed,
                Duplicates = totals.AlreadyApplied,
                BadLines = totals.Bad,
                Seconds = Math.Round(elapsed.TotalSeconds, 3),
                TransactionsPerSecond = Math.Round(perSecond, 1),
            });
            return;
        }

        terminal.Line($"applied     {totals.Applied}");
        terminal.Line($"failed      {totals.Failed}");
        terminal.Line($"duplicates  {totals.AlreadyApplied}");
        terminal.Line($"bad lines   {totals.Bad}");
        terminal.Line($"seconds     {elapsed.TotalSeconds:0.0}");
        terminal.Line($"tx/s        {perSecond:0}");
    }
}
