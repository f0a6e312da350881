using Ledger.Cli.Shell;
using Ledger.Cli.Tests.Audit;

namespace Ledger.Cli.Tests;

/// <summary>Snapshots and backups as an operator meets them, offline.</summary>
public sealed class SnapshotCommandTests : IDisposable
{
    private readonly AuditedFolder _source = new();
    private readonly TemporaryFolder _folder = new();

    private string[] Genesis => ["--genesis", _source.GenesisPath];

    public void Dispose()
    {
        _source.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_snapshot_is_made_looked_at_and_restored()
    {
        var file = _folder.Sub("a.snapshot");
        var made = await RunAsync("snapshot", "create", "--data", _source.Data, "--out", file, "--json");
        Assert.Equal(ExitCode.Done, made.Exit);
        Assert.Equal(AuditedFolder.Head, made.Json["height"]!.GetValue<ulong>());

        var seen = await RunAsync("snapshot", "inspect", file);
        Assert.Equal(ExitCode.Done, seen.Exit);
        Assert.Contains("3 of 4 validators", seen.Output, StringComparison.Ordinal);

        var restored = await RunAsync("snapshot", "restore", file, "--data", _folder.Sub("restored"));
        Assert.Equal((ExitCode.Done, ""), (restored.Exit, string.Join("", restored.Error.Split('\n').Where(
            line => line.StartsWith("error", StringComparison.Ordinal)))));
        var again = await RunAsync("snapshot", "restore", file, "--data", _folder.Sub("restored"));
        Tool.AssertRefused(again, ExitCode.Failed, "holds a ledger already");
    }

    [Fact]
    public async Task Half_a_restore_is_marked_and_the_same_command_finishes_it()
    {
        var file = _folder.Sub("a.snapshot");
        await RunAsync("snapshot", "create", "--data", _source.Data, "--out", file);
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        var data = _folder.Sub("restored");
        var failed = await RunAsync("snapshot", "restore", file, "--data", data);
        Tool.AssertRefused(failed, ExitCode.VerificationFailed, "is damaged");

        var audit = await RunAsync("verify", "ledger", "--data", data);
        Tool.AssertRefused(audit, ExitCode.Failed, "holds a restore that was not finished");

        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Done, (await RunAsync("snapshot", "restore", file, "--data", data)).Exit);
        Assert.False(File.Exists(Path.Combine(data, "restore-unfinished")));
    }

    /// <summary>Killed after the last byte: before the exchange, or before the mark was taken away.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restore_that_was_killed_at_its_very_end_is_ended_by_the_same_command(bool isInPlace)
    {
        var file = _folder.Sub("a.snapshot");
        await RunAsync("snapshot", "create", "--data", _source.Data, "--out", file);
        var data = _folder.Sub("restored");
        await RunAsync("snapshot", "restore", file, "--data", data);
        _folder.Write("restored/restore-unfinished", $"snapshot of block {AuditedFolder.Head}\n");
        if (!isInPlace)
        {
            Directory.Move(Path.Combine(data, "ledger"), Path.Combine(data, "ledger.incoming"));
            _folder.Write("restored/ledger.incoming.whole", "");
        }

        var another = await RunAsync("backup", "create", _folder.Sub("backups"), "--data", data);
        Tool.AssertRefused(another, ExitCode.Failed, "was not finished");
        Assert.Equal(ExitCode.Done, (await RunAsync("snapshot", "restore", file, "--data", data)).Exit);
        Assert.Equal(ExitCode.Done, (await RunAsync("verify", "ledger", "--data", data)).Exit);

        _folder.Write("restored/restore-unfinished", "snapshot of block 1\n");
        Tool.AssertRefused(
            await RunAsync("snapshot", "restore", file, "--data", data), ExitCode.Failed,
            "snapshot of block 1");
    }

    [Fact]
    public async Task A_snapshot_of_another_chain_is_refused_with_the_code_of_a_forgery()
    {
        var file = _folder.Sub("a.snapshot");
        await RunAsync("snapshot", "create", "--data", _source.Data, "--out", file);
        var genesis = await File.ReadAllTextAsync(_source.GenesisPath, TestContext.Current.CancellationToken);
        var other = _folder.Write(
            "other.json", genesis.Replace("\"audited\"", "\"other\"", StringComparison.Ordinal));

        var said = await Tool.RunAsync("snapshot", "inspect", file, "--genesis", other);

        Tool.AssertRefused(said, ExitCode.VerificationFailed, "genesis");
    }

    [Fact]
    public async Task A_backup_is_made_verified_and_restored()
    {
        var backups = _folder.Sub("backups");
        var made = await RunAsync("backup", "create", backups, "--data", _source.Data, "--json");
        Assert.Equal(ExitCode.Done, made.Exit);
        Assert.Equal(ExitCode.Done, (await RunAsync("backup", "verify", backups)).Exit);
        var data = _folder.Sub("restored");
        Assert.Equal(ExitCode.Done, (await RunAsync("backup", "restore", backups, "--data", data)).Exit);

        var audit = await RunAsync("verify", "ledger", "--data", data);

        Assert.Equal(ExitCode.Done, audit.Exit);
        Tool.AssertRefused(
            await RunAsync("backup", "verify", backups, "none"), ExitCode.Failed, "no backup none");
        Tool.AssertRefused(
            await RunAsync("backup", "create", backups), ExitCode.Usage, "which ledger is meant is not said");
    }

    /// <summary>What is wrong with a file is a verdict; that it is missing is none.</summary>
    [Fact]
    public async Task A_cut_damaged_foreign_or_newer_file_fails_its_verification()
    {
        var file = _folder.Sub("a.snapshot");
        await RunAsync("snapshot", "create", "--data", _source.Data, "--out", file);
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        foreach (var (content, words) in new (byte[], string)[]
        {
            ([], "no snapshot"), (bytes[..^1], "cut off"), ([.. bytes, 0], "cut off"),
            ("hello"u8.ToArray(), "no snapshot"), ([.. bytes[..15], (byte)'9', .. bytes[16..]], "newer"),
            ([.. bytes[..40], (byte)~bytes[40], .. bytes[41..]], "damaged"),
        })
        {
            await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
            Tool.AssertRefused(
                await RunAsync("snapshot", "inspect", file), ExitCode.VerificationFailed, words);
        }

        Tool.AssertRefused(
            await RunAsync("snapshot", "inspect", _folder.Sub("none")), ExitCode.Failed, "cannot be read");
        var backups = _folder.Sub("backups");
        await RunAsync("backup", "create", backups, "--data", _source.Data);
        var damaged = Directory.GetFiles(Path.Combine(backups, "objects"))
            .MaxBy(path => new FileInfo(path).Length)!;
        await File.AppendAllTextAsync(damaged, "x", TestContext.Current.CancellationToken);
        Tool.AssertRefused(
            await RunAsync("backup", "verify", backups), ExitCode.VerificationFailed, "damaged");
        var data = _folder.Sub("restored");
        Tool.AssertRefused(
            await RunAsync("backup", "restore", backups, "--data", data), ExitCode.VerificationFailed,
            "damaged");
        Assert.True(File.Exists(Path.Combine(data, "restore-unfinished")));
    }

    private Task<Said> RunAsync(params string[] arguments) => Tool.RunAsync([.. arguments, .. Genesis]);
}
