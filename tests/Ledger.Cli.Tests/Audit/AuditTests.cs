namespace Ledger.Cli.Tests.Audit;

/// <summary>
/// An audit passes what the chain makes of a folder and names the first thing that is anything else.
/// </summary>
public sealed class AuditTests
{
    [Fact]
    public async Task A_folder_that_is_as_execution_gives_it_passes_and_is_left_as_it_was()
    {
        using AuditedFolder folder = new("", 2, 3);
        var said = await folder.AuditAsync("--json");
        Assert.Equal(0, said.Exit);
        Assert.True((bool)said.Json["valid"]!);
        Assert.Equal(AuditedFolder.Head, (ulong)said.Json["blocks"]!);
        Assert.Equal(18, (int)said.Json["transactions"]!);
        Assert.Equal(0, (await folder.AuditAsync()).Exit);
    }

    [Theory]
    [InlineData("blocks", 4)]
    [InlineData("headers", 4)]
    [InlineData("receipts", 4)]
    [InlineData("certificates", 4)]
    [InlineData("blocks", 0)]
    [InlineData("headers", 0)]
    public async Task Every_byte_of_a_record_counts_and_its_height_is_named(string family, ulong height)
    {
        var length = 1;
        for (var at = 0; at < length; at += Math.Max(1, length / 5))
        {
            using AuditedFolder folder = new();
            folder.Damage(family, key => Harm.IsHeight(key, height), value =>
            {
                length = value.Length;
                return Harm.Flip(value, at);
            });
            var said = await folder.AuditAsync("--json");
            Assert.Equal(4, said.Exit);
            var fault = said.Json["fault"]!;
            Assert.Equal(height, (ulong)fault["height"]!);
            Assert.Contains(
                $"'{family}' of height {height}", (string)fault["record"]!, StringComparison.Ordinal);
            Assert.InRange(at, (int)fault["firstByte"]!, (int)fault["endByte"]! - 1);
        }
    }

    [Theory]
    [InlineData("transactions")]
    [InlineData("block_heights")]
    [InlineData("history")]
    [InlineData("state")]
    [InlineData("state_tree")]
    public async Task Indexes_history_and_state_are_compared_byte_for_byte(string family)
    {
        using AuditedFolder changed = new();
        changed.Damage(family, _ => true, value => Harm.Flip(value, value.Length - 1));
        await AssertNamedAsync(changed, family);

        using AuditedFolder less = new();
        less.Damage(family, _ => true, _ => null);
        await AssertNamedAsync(less, family);
    }

    [Theory]
    [InlineData("blocks")]
    [InlineData("headers")]
    [InlineData("receipts")]
    public async Task A_missing_record_is_named(string family)
    {
        using AuditedFolder folder = new();
        folder.Damage(family, key => Harm.IsHeight(key, 5), _ => null);
        var said = await folder.AuditAsync();
        Tool.AssertRefused(said, 4, $"height 5: the record '{family}' of height 5: it is missing");
    }

    [Fact]
    public async Task A_head_without_a_certificate_at_or_above_it_is_not_final()
    {
        using AuditedFolder folder = new("", 5, 6);
        Tool.AssertRefused(
            await folder.AuditAsync(),
            4,
            "height 5: the record 'certificates' of height 5: neither this block nor");
    }

    [Fact]
    public async Task The_fault_is_the_first_one_from_the_genesis_up()
    {
        using AuditedFolder folder = new();
        folder.Damage("state", _ => true, value => Harm.Flip(value, 0));
        folder.Damage("blocks", key => Harm.IsHeight(key, 6), value => Harm.Flip(value, value.Length / 2));
        folder.Damage("receipts", key => Harm.IsHeight(key, 2), value => Harm.Flip(value, 3));
        Tool.AssertRefused(
            await folder.AuditAsync(), 4, "from height 2: the record 'receipts' of height 2, bytes 3 to 4:");
    }

    [Fact]
    public async Task A_folder_without_blocks_is_said_to_hold_none()
    {
        using var folder = AuditedFolder.WithoutBlocks();
        var said = await folder.AuditAsync();
        Assert.Equal(0, said.Exit);
        Assert.StartsWith("the folder holds no blocks: a witness keeps none, or ", said.Output,
            StringComparison.Ordinal);
        Assert.Equal(0UL, (ulong)(await folder.AuditAsync("--json")).Json["blocks"]!);
    }

    [Fact]
    public async Task A_folder_of_another_chain_and_one_that_is_none_are_refused()
    {
        using AuditedFolder folder = new();
        using TemporaryFolder empty = new();
        Tool.AssertRefused(
            await Tool.RunAsync(
                "verify",
                "ledger",
                "--data",
                empty.Path,
                "--genesis",
                folder.GenesisPath), 1, "is no data folder");
        var other = empty.Write(
            "genesis.json", (await File.ReadAllTextAsync(folder.GenesisPath)).Replace(
                "audited", "other", StringComparison.Ordinal));
        Tool.AssertRefused(
            await Tool.RunAsync(
                "verify", "ledger", "--data", folder.Data, "--genesis", other), 1, "is of chain audited");
    }

    [Fact]
    public async Task Two_folders_part_where_their_blocks_do()
    {
        using AuditedFolder first = new();
        using AuditedFolder same = new("", 2);
        using AuditedFolder other = new("salt");
        Assert.Equal(0, (await CompareAsync(first, same)).Exit);
        var said = await CompareAsync(first, other);
        Tool.AssertRefused(said, 4, "the folders part at height 4: the record 'headers' of height 4, bytes");
    }

    private static Task<Said> CompareAsync(AuditedFolder first, AuditedFolder second)
        => Tool.RunAsync("verify", "compare", first.Data, second.Data, "--genesis", first.GenesisPath);

    private static async Task AssertNamedAsync(AuditedFolder folder, string family)
    {
        var said = await folder.AuditAsync("--json");
        Assert.Equal(4, said.Exit);
        Assert.Contains($"the record '{family}' of", (string)said.Json["words"]!, StringComparison.Ordinal);
    }
}
