using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Tests;

/// <summary>Files that are no proof of this version: one clear sentence each, and never a crash.</summary>
public sealed class ProofFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _genesis;

    public ProofFileTests()
    {
        using var key = SigningKey.FromSeed(new byte[32]);
        _genesis = _folder.Write("genesis.json", GenesisFile.Write(new(
            "files", ConsensusMode.Pbft, new(1), [new("one", key.PublicKey)],
            [new(key.PublicKey, Role.Admin, "")])));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("{\"format\":\"ledger/receipt/v1\",", "not JSON of the expected shape")]
    [InlineData("{\"format\":\"ledger/receipt/v3\"}", "v3', which this version does not know")]
    [InlineData("{\"format\":\"ledger/receipt/v3\",\"genesis\":\"\"}", "ledger/receipt/v3")]
    [InlineData("{\"invoice\":1}", "the member 'format' is expected")]
    [InlineData("[1,2]", "not MessagePack")]
    [InlineData("\u0094\u0001", "not MessagePack")]
    public async Task What_is_no_proof_of_this_version_is_refused_in_words(string text, string what)
    {
        var file = _folder.Write("some.receipt.json", text);
        Tool.AssertRefused(await VerifyAsync(file), ExitCode.VerificationFailed, what);
    }

    [Fact]
    public async Task A_file_without_an_end_is_not_read_to_it()
        => Tool.AssertRefused(await VerifyAsync("/dev/zero"), ExitCode.VerificationFailed, "is longer than");

    [Fact]
    public async Task A_folder_or_nothing_is_named_for_what_it_is()
    {
        Tool.AssertRefused(await VerifyAsync(_folder.Path), ExitCode.Failed, "is a folder");
        Tool.AssertRefused(await VerifyAsync(_folder.Sub("nothing")), ExitCode.Failed, "nothing");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("\u0000\u0001")]
    public async Task A_genesis_file_that_is_none_is_bad_configuration(string text)
        => Tool.AssertRefused(
            await Tool.RunAsync("verify", "receipt", "any", "--genesis", _folder.Write("bad.json", text)),
            ExitCode.BadConfiguration, "The genesis file is not valid");

    [Fact]
    public async Task A_genesis_file_without_an_end_is_not_read_to_it()
        => Tool.AssertRefused(
            await Tool.RunAsync("verify", "receipt", "any", "--genesis", "/dev/zero"),
            ExitCode.BadConfiguration, "longer than");

    private Task<Said> VerifyAsync(string file)
        => Tool.RunAsync("verify", "receipt", file, "--genesis", _genesis);
}
