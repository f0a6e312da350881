using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Cli.Simulations;
using Ledger.Consensus.Flight;
using Ledger.Node.Flight;
using Ledger.Simulation;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger replay</c>: steps through a simulation's trace or a node's flight recording, and shows that this
/// program does the same again.
/// </summary>
internal static class ReplayCommand
{
    public static Command Build(Terminal terminal)
    {
        Argument<string> file = new("FILE|DATADIR")
        {
            Description = "A trace of 'ledger simulate', a node's flight recording, or its data folder "
                + "with all of them",
        };
        Option<int> from = new("--from") { Description = "The first event to show", HelpName = "N" };
        Option<int> count = new("--count")
        {
            Description = "How many events to show",
            DefaultValueFactory = _ => int.MaxValue,
            HelpName = "N",
            Validators = { result => CommonOptions.Positive(result, "--count") },
        };
        Option<bool> step = new("--step") { Description = "Show one event at a time; Enter goes on, q ends" };
        ExampleCommand command = new(
            "replay", "Run a simulation's trace or a node's flight recording again, event by event",
            "ledger replay run.trace --step", "ledger replay run.trace --from 1000 --count 50",
            "ledger replay node/data");
        command.Add(file);
        command.Add(from);
        command.Add(count);
        command.Add(step);
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Replay(new(
            terminal, parsed.GetRequiredValue(file), parsed.GetValue(from), parsed.GetValue(count),
            parsed.GetValue(step) && terminal.IsInteractive, parsed.IsJson(), cancellationToken))));
        return command;
    }

    private static int Replay(Request request)
    {
        if (Directory.Exists(request.Path))
        {
            return FlightReport.Show(request, RecordingsIn(request.Path));
        }

        if (!File.Exists(request.Path))
        {
            throw new CliException($"there is no file or folder {request.Path}", "check its name");
        }

        Span<byte> head = stackalloc byte[FlightFrames.Magic.Length];
        using (var stream = File.OpenRead(request.Path))
        {
            head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }

        return FlightRecording.IsOne(head)
            ? FlightReport.Show(request, [request.Path])
            : TraceReport.Show(request);
    }

    private static IReadOnlyList<string> RecordingsIn(string folder)
    {
        var files = FlightFolder.In(folder);
        return files.Count > 0 ? files : throw new CliException(
            $"{folder} holds no flight recording",
            "name a node's data folder; a node records unless its 'consensus.flightRecorder' is 0");
    }

    /// <summary>What is asked for.</summary>
    /// <param name="Terminal">Where to show it.</param>
    /// <param name="Path">Of a trace, a recording or a data folder.</param>
    /// <param name="From">The first event.</param>
    /// <param name="Count">How many.</param>
    /// <param name="Stepwise">One at a time.</param>
    /// <param name="Json">For a program.</param>
    /// <param name="CancellationToken">The user's Ctrl-C.</param>
    internal sealed record Request(
        Terminal Terminal, string Path, int From, int Count, bool Stepwise, bool Json,
        CancellationToken CancellationToken)
    {
        /// <summary>Shows those events that were asked for.</summary>
        public void Show(IEnumerable<TraceEvent> events, int hosts)
        {
            var shown = events.Skip(From).Take(Count);
            if (Json)
            {
                foreach (var happened in shown)
                {
                    Terminal.Json(new
                    {
                        Milliseconds = happened.At.TotalMilliseconds,
                        Kind = happened.Kind.ToString().ToLowerInvariant(),
                        happened.Node,
                        happened.Peer,
                        happened.Text,
                    });
                }

                return;
            }

            foreach (var line in MessageDiagram.Draw(shown, hosts))
            {
                Terminal.Line(line);
                if (CancellationToken.IsCancellationRequested
                    || (Stepwise && Console.ReadKey(intercept: true).KeyChar == 'q'))
                {
                    break;
                }
            }
        }
    }
}
