using System.CommandLine;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger watch --verify</c>: a light client in the terminal. What nodes announce only says when to ask;
/// what is shown are headers whose certificates were checked here, each on the one shown before.
/// </summary>
internal sealed class VerifiedWatch(Terminal terminal, bool isJson, NodeClient client, Genesis genesis)
{
    private LightClient? _light;

    public static Option<bool> Verify { get; } = new("--verify")
    {
        Description = "Check every certificate; stop with exit 4 at the first that does not hold",
    };

    public static Option<string?> GenesisPath { get; } = new("--genesis")
    {
        Description = "With --verify: the genesis file, from somebody you trust [the node's own]",
        HelpName = "FILE",
    };

    public static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, NodeClient client, ulong start,
        CancellationToken cancellationToken)
    {
        var path = parsed.GetValue(GenesisPath);
        if (path is null)
        {
            terminal.Remark(
                "checking against the node's own genesis; name one that you trust with --genesis FILE");
        }

        var genesis = path is null
            ? await client.LimitedAsync(client.GenesisAsync, cancellationToken)
            : ProofFiles.ReadGenesis(path);
        VerifiedWatch watch = new(terminal, parsed.IsJson(), client, genesis);
        await foreach (var block in BlockStream.FollowAsync(
            client, Math.Max(start, 1), terminal.Remark, cancellationToken))
        {
            await watch.ReachAsync(block.Height, cancellationToken);
        }

        return ExitCode.Done;
    }

    /// <summary>
    /// Goes on to a height that was announced, unless an earlier answer has reached it already.
    /// </summary>
    private async Task ReachAsync(ulong height, CancellationToken cancellationToken)
    {
        if (_light is { } there && there.Height.Value >= height)
        {
            return;
        }

        var from = _light?.Height.Next.Value ?? height;
        HeadersProof headers;
        try
        {
            headers = await ProofFiles.FetchAsync<HeadersProof>(
                client, $"v1/headers?from={from}&to={height}", cancellationToken);
        }
        catch (Exception exception) when (exception is RefusedException or NoNodeAnswersException)
        {
            terminal.Remark($"{exception.Message}; asking again with the next block");
            return;
        }

        var (next, fault) = _light?.Accept(headers) ?? LightClient.From(headers, genesis);
        _light = next
            ?? throw ProofFiles.Forged($"{client.Current}, asked for headers from {from} on,", fault!);
        Print(headers.Finality);
    }

    private void Print(FinalityProof finality)
    {
        var validators = FinalityVerifier.ValidatorsAt(finality.Certified.Height, finality, genesis);
        var signers = finality.Signers.Select(signer => validators[signer.Validator].Name).ToArray();
        foreach (var header in finality.Path.Prepend(finality.Header))
        {
            var hash = header.ComputeHash();
            if (isJson)
            {
                terminal.Json(new
                {
                    Verified = true,
                    Height = header.Height.Value,
                    Hash = hash.ToString(),
                    StateRoot = header.StateRoot.ToString(),
                    Time = header.Time.UnixMilliseconds,
                    CertifiedAt = finality.Certified.Height.Value,
                    View = finality.View.Value,
                    Signers = signers,
                });
                continue;
            }

            var time = DateTimeOffset.FromUnixTimeMilliseconds(header.Time.UnixMilliseconds);
            terminal.Line(
                $"{time:HH:mm:ss.fff}  block {header.Height.Value,-8} {hash.ToShortString()}  verified: "
                + $"{signers.Length} of {validators.Count} signed"
                + (header == finality.Certified ? "" : $" block {finality.Certified.Height}")
                + $" ({string.Join(", ", signers)})");
            terminal.Output.Flush();
        }
    }
}
