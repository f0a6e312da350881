using System.Security.Cryptography;
using System.Text;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Tests;

/// <summary>
/// Files that somebody else wrote, or nobody: folders, devices without an end, links that go in circles,
/// rubbish. Whatever reads one answers with a sentence.
/// </summary>
public sealed class HostileFileTests : IDisposable
{
    private static readonly string[] Kinds
        = ["folder", "endless", "circle", "missing", "empty", "rubbish", "deep", "number", "null", "list"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _genesis;

    public HostileFileTests()
    {
        using var key = SigningKey.FromSeed(new byte[32]);
        _genesis = _folder.Write("genesis.json", GenesisFile.Write(new(
            "files", ConsensusMode.Pbft, new(1), [new("one", key.PublicKey)],
            [new(key.PublicKey, Role.Admin, "")])));
    }

    public static MatrixTheoryData<string, string> Readers => new(
        [
            "verify receipt FILE --genesis GENESIS",
            "verify state FILE --genesis GENESIS",
            "verify headers FILE --genesis GENESIS",
            "verify extends FILE FILE --genesis GENESIS",
            "verify receipt GENESIS --genesis FILE",
            "verify ledger --data FILE --genesis GENESIS",
            "snapshot inspect FILE --genesis GENESIS",
            "snapshot restore FILE --data EMPTY --genesis GENESIS",
            "snapshot create --data FILE --genesis GENESIS --out EMPTY/out",
            "backup verify FILE --genesis GENESIS",
            "backup restore FILE --data EMPTY --genesis GENESIS",
            "backup create FILE --data EMPTY --genesis GENESIS",
            "keys show FILE",
            "keys decrypt FILE",
            "replay FILE",
            "config show --config FILE",
            "node run --config FILE",
        ],
        Kinds);

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Readers))]
    public async Task Whatever_reads_a_file_that_is_none_says_so_in_a_sentence(string command, string kind)
    {
        var file = Make(kind);
        var said = await Tool.RunAsync([.. command.Split(' ').Select(word => word
            .Replace("FILE", file, StringComparison.Ordinal)
            .Replace("GENESIS", _genesis, StringComparison.Ordinal)
            .Replace("EMPTY", _folder.Sub("empty-folder"), StringComparison.Ordinal))])
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.Contains(
            said.Exit, new[] { ExitCode.Failed, ExitCode.VerificationFailed, ExitCode.BadConfiguration });
        Assert.StartsWith("error: ", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        Assert.InRange(said.Error.Length, 20, 2000);
    }

    [Theory]
    [InlineData(""" "nodes":-1 """)]
    [InlineData(""" "nodes":1000000000 """)]
    [InlineData(""" "clients":1000000000 """)]
    [InlineData(""" "steps":-5 """)]
    [InlineData(""" "byzantine":9 """)]
    [InlineData(""" "faults":null """)]
    [InlineData(""" "leftOut":null """)]
    [InlineData(""" "strategy":"none such" """)]
    public async Task A_trace_of_a_run_that_there_cannot_be_is_refused(string setting)
    {
        var options = """{"engine":"pbft","seed":1,"nodes":4,"steps":10,"clients":1,"""
            + "\"faults\":\"none\",\"leftOut\":[]}";
        var name = setting.Split('"')[1];
        var bent = System.Text.RegularExpressions.Regex.Replace(
            options, $"\"{name}\":[^,}}]*", setting.Trim()) is var changed && changed != options
            ? changed : options[..^1] + "," + setting + "}";
        var body = $"ledger-simulation-trace 2\n{bent}\n";
        var seal = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));

        Tool.AssertRefused(
            await Tool.RunAsync("replay", _folder.Write("bent.trace", $"{body}sha256 {seal}\n")),
            ExitCode.Failed, "its options cannot be read");
    }

    private string Make(string kind)
    {
        var path = _folder.Sub(kind);
        switch (kind)
        {
            case "endless":
                return "/dev/zero";
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "circle":
                File.CreateSymbolicLink(path, path + ".back");
                File.CreateSymbolicLink(path + ".back", path);
                break;
            case "missing":
                break;
            default:
                File.WriteAllBytes(path, kind switch
                {
                    "empty" => [],
                    "rubbish" => RandomNumberGenerator.GetBytes(5000),
                    "deep" => [.. Enumerable.Repeat((byte)'[', 100_000)],
                    "number" => Encoding.ASCII.GetBytes("{\"format\":" + new string('9', 100_000) + "}"),
                    "null" => "null"u8.ToArray(),
                    _ => "[1,2,3]"u8.ToArray(),
                });
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                break;
        }

        return path;
    }
}
