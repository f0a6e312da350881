using System.Globalization;
using System.Text;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Submit;

/// <summary>
/// Remembers, beside a file, which of its lines have been applied, so that no run applies one twice, ever.
/// J1. Before a line is sent, an <i>epoch</i> that fixes its valid-until and a <i>reserve</i> that covers its
///     number are on the disk. So whatever was sent can be built again, byte for byte, and a node knows it
///     by its hash.
/// J2. A new epoch begins only when each line sent in the last one is known to be final, or can never
///     become so.
/// J3. A failed line is sent anew only under the next attempt, which is part of its nonce.
/// Outcomes need no sync of their own: a lost one is asked for again.
/// </summary>
internal sealed class SubmitJournal : IDisposable
{
    /// <summary>One sync reserves this many lines.</summary>
    private const long ReserveStride = 5000;

    private const string Magic = "ledger-submit 1";

    private readonly Lock _gate = new();
    private readonly DurableAppend _file;
    private bool _hasUnsyncedAttempt;

    private SubmitJournal(string path, DurableAppend file)
    {
        Path = path;
        _file = file;
    }

    public string Path { get; }

    public LineStates Lines { get; } = new();

    /// <summary>The valid-until of everything sent now; null before the first epoch.</summary>
    public Timestamp? ValidUntil { get; private set; }

    /// <summary>No line above it was sent in this epoch.</summary>
    public long ReservedThrough { get; private set; }

    public static string PathFor(string file, Digest genesis, PublicKey sender)
    {
        var id = Sha256.Hash(genesis.ToArray(), sender.ToArray());
        return $"{file}.{id.ToShortString()}.ledger-submit";
    }

    /// <summary>Opens the journal of one file, chain and sender, or begins one.</summary>
    public static SubmitJournal Open(string path, Digest file, Digest genesis, PublicKey sender)
    {
        var head = $"{Magic} file={file} chain={genesis} sender={sender}";
        var lines = File.Exists(path) ? ReadWholeLines(path) : [];
        if (lines.Count > 0 && lines[0] != head)
        {
            throw new CliException(
                $"the file has changed since lines of it were submitted (journal {path})",
                "put new lines into a file of their own; or remove the journal to submit every line anew");
        }

        SubmitJournal journal = new(path, new(path));
        foreach (var line in lines.Skip(1))
        {
            journal.Apply(line);
        }

        if (lines.Count == 0)
        {
            journal.Record(head);
        }

        return journal;
    }

    public void BeginEpoch(Timestamp validUntil)
    {
        lock (_gate)
        {
            Fold($"epoch {validUntil}");
            _file.Sync();
        }
    }

    /// <summary>To be called before a line is sent (J1).</summary>
    public void Reserve(long line)
    {
        lock (_gate)
        {
            if (line > ReservedThrough)
            {
                Fold(string.Create(CultureInfo.InvariantCulture, $"reserve {line + ReserveStride}"));
                _hasUnsyncedAttempt = true;
            }

            if (_hasUnsyncedAttempt)
            {
                _file.Sync();
                _hasUnsyncedAttempt = false;
            }
        }
    }

    public void Applied(long line) => FoldOutcome("applied", line);

    public void Failed(long line) => FoldOutcome("failed", line);

    /// <summary>A new attempt (J3); it is on the disk by the next <see cref="Reserve"/>.</summary>
    public void Reopened(long line)
    {
        FoldOutcome("reopened", line);
        _hasUnsyncedAttempt = true;
    }

    public void Sync()
    {
        lock (_gate)
        {
            _file.Sync();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _file.Dispose();
        }
    }

    private void FoldOutcome(string kind, long line)
    {
        lock (_gate)
        {
            Fold(string.Create(CultureInfo.InvariantCulture, $"{kind} {line}"));
        }
    }

    private void Fold(string record)
    {
        Record(record);
        Apply(record);
    }

    private void Record(string record) => _file.Write(Encoding.ASCII.GetBytes(record + "\n"));

    private void Apply(string record)
    {
        var space = record.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0
            || !long.TryParse(
                record.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw Damaged(record);
        }

        switch (record[..space])
        {
            case "epoch":
                ValidUntil = new(number);
                ReservedThrough = 0;
                break;
            case "reserve":
                ReservedThrough = number;
                break;
            case "applied":
                Lines.Applied(number);
                break;
            case "failed":
                Lines.Failed(number);
                break;
            case "reopened":
                Lines.Reopened(number);
                break;
            default:
                throw Damaged(record);
        }
    }

    private CliException Damaged(string record) => new(
        $"{Path} is damaged at '{record}'",
        "restore it from a backup; without it lines may be applied twice");

    /// <summary>A last line that was torn by a crash was never acted on: it is cut off.</summary>
    private static List<string> ReadWholeLines(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        if (end < bytes.Length)
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Write);
            file.SetLength(end);
        }

        return
        [
            .. Encoding.ASCII.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries),
        ];
    }
}
