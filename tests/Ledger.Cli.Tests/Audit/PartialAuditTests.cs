using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests.Audit;

/// <summary>
/// A folder that lacks its first blocks is executed from a certified snapshot where one is at hand, held
/// against the certified headers where not, and the audit says which.
/// </summary>
public sealed class PartialAuditTests
{
    [Fact]
    public async Task A_pruned_folder_is_executed_from_the_snapshot_that_its_node_has_kept()
    {
        using var folder = AuditedFolder.WithSnapshot();
        folder.Prune(5);

        var said = await folder.AuditAsync("--json");

        Assert.True((bool)said.Json["valid"]!, (string?)said.Json["words"]);
        Assert.Equal(5UL, (ulong)said.Json["executedFrom"]!);
        Assert.Equal(6, (int)said.Json["transactions"]!);
        Assert.Equal(5UL, (ulong)said.Json["kept"]!["blocks"]!);
        var words = await folder.AuditAsync();
        AssertSaid("headers 0 to 4 are those that a quorum has certified", words);
        AssertSaid("blocks 5 to 6 with 6 transactions are as execution from the certified snapshot", words);
    }

    [Fact]
    public async Task A_pruned_folder_without_a_snapshot_is_held_against_certified_headers_and_says_so()
    {
        using AuditedFolder folder = new("", 2, 3);
        folder.Prune(5);

        var said = await folder.AuditAsync();

        Assert.Equal(ExitCode.Done, said.Exit);
        AssertSaid("bodies from 5", said);
        AssertSaid("no block was executed, since no snapshot of block 4 or above", said);
        AssertSaid("'--snapshot FILE' names one", said);
        AssertSaid("the state is the one that the certified head names", said);
        Assert.DoesNotContain("execution from genesis", said.Output, StringComparison.Ordinal);
        Assert.Null((await folder.AuditAsync("--json")).Json["executedFrom"]);
    }

    [Fact]
    public async Task A_folder_that_began_with_a_snapshot_is_audited_with_and_without_it()
    {
        using var source = AuditedFolder.WithSnapshot();
        var born = source.BornOfSnapshot();
        string[] audit = ["verify", "ledger", "--data", born, "--genesis", source.GenesisPath];

        var alone = await Tool.RunAsync(audit);
        Assert.Equal(ExitCode.Done, alone.Exit);
        AssertSaid("it keeps headers from height 1 on, receipts from 1 and bodies from 5", alone);

        var executed = await Tool.RunAsync([.. audit, "--snapshot", source.Snapshot]);
        Assert.Equal(ExitCode.Done, executed.Exit);
        AssertSaid("blocks 5 to 6 with 6 transactions are as execution", executed);
    }

    [Theory]
    [InlineData("headers", 2, true)]
    [InlineData("headers", 2, false)]
    [InlineData("certificates", 2, true)]
    [InlineData("certificates", 2, false)]
    [InlineData("receipts", 2, true)]
    [InlineData("receipts", 2, false)]
    [InlineData("receipts", 6, true)]
    [InlineData("receipts", 6, false)]
    [InlineData("blocks", 6, true)]
    [InlineData("blocks", 6, false)]
    [InlineData("headers", 6, true)]
    [InlineData("headers", 6, false)]
    public async Task A_changed_or_missing_record_of_any_height_is_named(
        string family, ulong height, bool hasSnapshot)
    {
        Func<byte[], byte[]?>[] changes = [value => Harm.Flip(value, value.Length / 2), _ => null];
        foreach (var change in changes)
        {
            if (family == "certificates" && change([0]) is null)
            {
                // A block need not have a certificate of its own, where one above it has.
                continue;
            }

            using var folder = Pruned(hasSnapshot);
            folder.Damage(family, key => Harm.IsHeight(key, height), change);
            var said = await folder.AuditAsync("--json");
            Assert.Equal(ExitCode.VerificationFailed, said.Exit);
            Assert.Equal(height, (ulong)said.Json["fault"]!["height"]!);
            Assert.Contains(
                $"'{family}' of height {height}", (string)said.Json["words"]!, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("block_heights", true)]
    [InlineData("block_heights", false)]
    [InlineData("transactions", true)]
    [InlineData("transactions", false)]
    [InlineData("state", true)]
    [InlineData("state", false)]
    [InlineData("state_tree", true)]
    [InlineData("state_tree", false)]
    [InlineData("history", true)]
    [InlineData("history", false)]
    public async Task Indexes_and_state_are_compared_and_the_history_where_it_is_in_force(
        string family, bool hasSnapshot)
    {
        using var changed = Pruned(hasSnapshot);
        changed.Damage(family, _ => true, value => Harm.Flip(value, value.Length - 1));
        var said = await changed.AuditAsync("--json");
        Assert.Equal(ExitCode.VerificationFailed, said.Exit);
        Assert.Contains($"the record '{family}' of", (string)said.Json["words"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_below_what_the_folder_says_that_it_keeps_is_named()
    {
        using var folder = Pruned(hasSnapshot: true);
        folder.Damage("meta", key => key.AsSpan().SequenceEqual("kept"u8), value => Raised(value));

        Tool.AssertRefused(
            await folder.AuditAsync(), ExitCode.VerificationFailed,
            "the record 'blocks' of height 5: it stands below what the folder keeps");

        // The last of three heights: bodies from 6 on, while one of height 5 is there.
        static byte[] Raised(byte[] value)
        {
            value[^1]++;
            return value;
        }
    }

    [Fact]
    public async Task A_snapshot_of_a_chain_that_parted_below_it_is_not_executed_from()
    {
        using var folder = Pruned(hasSnapshot: false);
        using var other = AuditedFolder.WithSnapshot("salt");

        Tool.AssertRefused(
            await folder.AuditAsync("--snapshot", other.Snapshot), ExitCode.VerificationFailed,
            "height 4: the record 'headers' of height 4: it is not the header of the snapshot");
    }

    [Fact]
    public async Task A_snapshot_that_is_too_low_for_the_bodies_that_are_left_is_refused()
    {
        using var folder = AuditedFolder.WithSnapshot();
        folder.Prune(6);

        Tool.AssertRefused(
            await folder.AuditAsync("--snapshot", folder.Snapshot), ExitCode.Failed,
            "takes one of block 5 or above");
        AssertSaid("no block was executed", await folder.AuditAsync());
    }

    private static void AssertSaid(string words, Said said)
        => Assert.Contains(words, said.Output, StringComparison.Ordinal);

    private static AuditedFolder Pruned(bool hasSnapshot)
    {
        var folder = hasSnapshot ? AuditedFolder.WithSnapshot() : new AuditedFolder();
        folder.Prune(5);
        return folder;
    }
}
