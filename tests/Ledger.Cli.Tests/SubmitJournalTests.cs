using Ledger.Cli.Shell;
using Ledger.Cli.Submit;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Tests;

/// <summary>The journal beside a file, by its rules J1 to J3.</summary>
public sealed class SubmitJournalTests : IDisposable
{
    private static readonly Digest File1 = Sha256.Hash("file"u8);
    private static readonly Digest Genesis = Sha256.Hash("genesis"u8);

    private readonly TemporaryFolder _folder = new();
    private readonly SigningKey _key = SigningKey.FromSeed(new byte[SigningKey.SeedSize]);

    private string Path => _folder.Sub("a.jsonl.journal");

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void J1_what_was_sent_is_covered_by_an_epoch_and_a_reserve_after_a_crash()
    {
        using (var journal = Open())
        {
            journal.BeginEpoch(new(1_000));
            journal.Reserve(1);
            journal.Reserve(4_000);
        }

        using var again = Open();
        Assert.Equal(new Timestamp(1_000), again.ValidUntil);
        Assert.True(again.ReservedThrough >= 4_000);
    }

    [Fact]
    public void J2_a_new_epoch_forgets_what_the_last_one_reserved()
    {
        using (var journal = Open())
        {
            journal.BeginEpoch(new(1_000));
            journal.Reserve(10_000);
            journal.BeginEpoch(new(2_000));
        }

        using var again = Open();
        Assert.Equal((new Timestamp(2_000), 0), (again.ValidUntil, again.ReservedThrough));
    }

    [Fact]
    public void J3_a_failed_line_is_another_transaction_when_it_is_tried_anew()
    {
        using (var journal = Open())
        {
            journal.Applied(1);
            journal.Failed(2);
            journal.Reopened(2);
        }

        using var again = Open();
        LineSigner signer = new("trial", File1, _key);
        Operation operation = new Operation.Delete("n", "k", null);
        Assert.Equal(
            (true, true, 1), (again.Lines.IsApplied(1), again.Lines.IsOpen(2), again.Lines.AttemptOf(2)));
        Assert.Equal(
            signer.Sign(2, 0, operation, new(9)).Hash, signer.Sign(2, 0, operation, new(9)).Hash);
        Assert.NotEqual(
            signer.Sign(2, 0, operation, new(9)).Hash, signer.Sign(2, 1, operation, new(9)).Hash);
        Assert.NotEqual(
            signer.Sign(2, 0, operation, new(9)).Hash, signer.Sign(3, 0, operation, new(9)).Hash);
    }

    [Fact]
    public void A_record_torn_by_a_crash_is_cut_off_wherever_it_tore()
    {
        using (var journal = Open())
        {
            journal.BeginEpoch(new(1_000));
            journal.Applied(1);
            journal.Applied(22);
        }

        var whole = File.ReadAllBytes(Path);
        for (var length = whole.Length - "applied 22\n".Length; length < whole.Length; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            using (var journal = Open())
            {
                Assert.Equal((true, false), (journal.Lines.IsApplied(1), journal.Lines.IsApplied(22)));
                journal.Applied(3);
            }

            using var again = Open();
            Assert.Equal((true, true), (again.Lines.IsApplied(1), again.Lines.IsApplied(3)));
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("applied")]
    [InlineData("applied x")]
    [InlineData("applied -1")]
    [InlineData("applied 99999999999999999999")]
    [InlineData("lost 1")]
    public void A_damaged_journal_stops_the_run(string record)
    {
        Open().Dispose();
        File.AppendAllText(Path, record + "\n");

        var refused = Assert.Throws<CliException>(() => Open());

        Assert.Contains($"is damaged at '{record}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("backup", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_belongs_to_one_file_chain_and_sender()
    {
        Open().Dispose();
        var other = Sha256.Hash("other"u8);

        Assert.Throws<CliException>(() => SubmitJournal.Open(Path, other, Genesis, _key.PublicKey));
        Assert.Throws<CliException>(() => SubmitJournal.Open(Path, File1, other, _key.PublicKey));
        Assert.NotEqual(
            SubmitJournal.PathFor(
                "f", Genesis, _key.PublicKey), SubmitJournal.PathFor("f", other, _key.PublicKey));
    }

    [Fact]
    public void Two_runs_at_once_are_kept_apart()
    {
        using var journal = Open();

        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public void Lines_by_the_million_keep_their_states()
    {
        LineStates lines = new();
        lines.Applied(3_000_000);
        lines.Failed(1);
        for (var i = 0; i < LineStates.AttemptMax; i++)
        {
            lines.Reopened(2);
        }

        Assert.True(lines.IsApplied(3_000_000));
        Assert.True(lines.IsFailed(1));
        Assert.Equal((true, LineStates.AttemptMax), (lines.IsOpen(2), lines.AttemptOf(2)));
        Assert.True(lines.IsOpen(9_000_000));
    }

    private SubmitJournal Open() => SubmitJournal.Open(Path, File1, Genesis, _key.PublicKey);
}
