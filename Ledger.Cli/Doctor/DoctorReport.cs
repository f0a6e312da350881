using System.Globalization;
using System.Text;
using Ledger.Cli.Shell;
using Ledger.Core;

namespace Ledger.Cli.Doctor;

/// <summary>Says a diagnosis: to a person in sentences and a table, to a program as one document.</summary>
internal static class DoctorReport
{
    private static readonly CompositeFormat Columns = CompositeFormat.Parse(
        "{0,-14} {1,-9} {2,8} {3,12} {4,-14} {5,-10} {6,5} {7,7} {8,9} {9,7} {10,7}");

    public static void Print(Terminal terminal, Facts facts, Diagnosis diagnosis)
    {
        terminal.Line(diagnosis.Headline);
        foreach (var finding in diagnosis.Findings)
        {
            terminal.Line();
            terminal.Line($"{Word(finding.Severity)}: {finding.What}.");
            terminal.Line($"  do: {finding.Next}.");
        }

        if (facts.Answers.Count == 0)
        {
            return;
        }

        var proposes = facts.IsRaft ? "leader" : "primary";
        terminal.Line();
        terminal.Line(Row(
            "validator", "state", "height", facts.ViewWord, proposes, "waits for", "peers", "waiting",
            "disk MiB", "sync ms",
            "clock s"));
        foreach (var visit in facts.Visits.Where(visit => visit.Status is not null || !visit.IsGuess))
        {
            terminal.Line(RowOf(visit));
        }
    }

    public static void PrintJson(Terminal terminal, Facts facts, Diagnosis diagnosis) => terminal.Json(new
    {
        Verdict = diagnosis.Severity switch
        {
            Severity.Halted => "halted",
            Severity.Degraded => "degraded",
            _ => "well",
        },
        diagnosis.Headline,
        facts.Height,
        Findings = diagnosis.Findings.Select(finding => new
        {
            finding.Code,
            Severity = Word(finding.Severity),
            finding.Who,
            finding.What,
            finding.Next,
        }),
        Evidence = facts.Proofs.Select(proof => new
        {
            proof.Evidence.Validator,
            proof.Evidence.Kind,
            proof.Evidence.View,
            proof.Evidence.Height,
            proof.Evidence.RecordedAt,
            proof.Evidence.Reporter,
            ServedBy = proof.By,
        }),
        Nodes = facts.Visits.Where(visit => visit.Status is not null || !visit.IsGuess).Select(visit => new
        {
            visit.Url,
            Validator = visit.Name,
            Silence = visit.Silence?.Detail,
            ClockOffsetMs = (long)visit.ClockOffset.TotalMilliseconds,
            RoundTripMs = visit.RoundTrip.TotalMilliseconds,
            visit.Status,
        }),
    });

    private static string Word(Severity severity) => severity switch
    {
        Severity.Halted => "halted",
        Severity.Degraded => "degraded",
        _ => "note",
    };

    private static string RowOf(Visit visit)
    {
        if (visit is not { Status: { } status, Vitals: { } vitals })
        {
            return visit.Status is { } old
                ? Row(old.Validator, old.State, old.Height, new View(old.View), old.Primary
                    ?? "-", "-", old.Peers, old.MempoolTransactions, "-", "-", "-")
                : Row(visit.Name, "no answer", "-", "-", "-", "-", "-", "-", "-", "-", "-");
        }

        return Row(
            status.Validator, status.State, status.Height, new View(status.View), status.Primary
            ?? "-", vitals.WaitsFor, status.Peers,
            status.MempoolTransactions, vitals.DiskFreeBytes >> 20,
            vitals.JournalSyncMs.ToString("0.0", CultureInfo.InvariantCulture),
            Math.Round(visit.ClockOffset.TotalSeconds, 1)
                .ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture));
    }

    private static string Row(params object[] cells)
        => string.Format(CultureInfo.InvariantCulture, Columns, cells).TrimEnd();
}
