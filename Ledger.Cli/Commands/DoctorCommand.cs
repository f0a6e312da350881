using System.CommandLine;
using Ledger.Cli.Devnet;
using Ledger.Cli.Doctor;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger doctor</c>: whether the network advances, and if not, why and what to do.</summary>
internal static class DoctorCommand
{
    public static Command Build(Terminal terminal)
    {
        Option<string?> dir = new("--dir")
        {
            Description = "A devnet's folder: asks all its validators, and looks at the processes of those "
                + "that do not answer",
            HelpName = "DIR",
        };
        Option<int> patience = new("--patience")
        {
            Description = "Seconds that a node has for its answer",
            DefaultValueFactory = _ => 3,
            HelpName = "S",
            Validators = { result => CommonOptions.Positive(result, "--patience") },
        };
        ExampleCommand command = new(
            "doctor", "Say whether the network advances and, if not, why; exit 0 well, 1 degraded, 4 halted",
            "ledger doctor", "ledger doctor --dir .ledger-devnet",
            "ledger doctor --node http://10.0.0.1:8080 --node http://10.0.0.2:8080 --json");
        command.Add(CommonOptions.Node);
        command.Add(dir);
        command.Add(patience);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using DoctorRound round = new(TimeSpan.FromSeconds(parsed.GetValue(patience)));
            var facts = await round.AskAsync(AddressesIn(parsed, dir, terminal), cancellationToken);
            var diagnosis = Diagnosis.Of(facts);
            if (parsed.IsJson())
            {
                DoctorReport.PrintJson(terminal, facts, diagnosis);
            }
            else
            {
                DoctorReport.Print(terminal, facts, diagnosis);
            }

            return diagnosis.Severity switch
            {
                Severity.Halted => ExitCode.VerificationFailed,
                Severity.Degraded => ExitCode.Failed,
                _ => ExitCode.Done,
            };
        });
        return command;
    }

    private static List<Address> AddressesIn(ParseResult parsed, Option<string?> dir, Terminal terminal)
    {
        List<Address> addresses = [];
        if (parsed.GetValue(dir) is { } folder)
        {
            addresses.AddRange(DevnetFolder.Open(folder).Validators.Select(DevnetTrace.AddressOf));
        }

        if (addresses.Count == 0 || parsed.NamesNodes(terminal))
        {
            addresses.AddRange(parsed.Nodes(terminal).Distinct().Select(url => new Address(url)));
        }

        return addresses;
    }
}
