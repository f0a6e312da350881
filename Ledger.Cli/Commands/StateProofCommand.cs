using System.CommandLine;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger get --prove</c>: saves what shows a key's value, its absence, or all keys with a prefix.
/// </summary>
internal static class StateProofCommand
{
    private static readonly Option<bool> Prove = new("--prove")
    {
        Description = "Save a proof of the value, or of the key's absence; needs --out",
    };

    private static readonly Option<bool> Prefix = new("--prefix")
    {
        Description = "With --prove: of all keys that begin with KEY, and that there are no others",
    };

    private static readonly Option<string?> Out = new("--out")
    {
        Description = "Where to write the proof; with .msgpack at its end in MessagePack",
        HelpName = "FILE",
    };

    private static readonly Option<ulong?> Height = new("--height")
    {
        Description = "With --prove: the height that is meant; refused unless the node keeps its state",
        HelpName = "H",
    };

    public static void AddOptions(Command command)
    {
        foreach (var option in new Option[] { Prove, Prefix, Out, Height })
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            var isProof = result.GetValue(Prove);
            if (isProof != result.GetValue(Out) is not null
                || (!isProof && (result.GetValue(Prefix) || result.GetValue(Height) is not null)))
            {
                result.AddError("--prove and --out go together, and --prefix and --height with them");
            }
        });
    }

    public static bool IsAsked(ParseResult parsed) => parsed.GetValue(Prove);

    public static async Task SaveAsync(
        Terminal terminal, ParseResult parsed, NodeClient client, string space, string key,
        string consistency,
        CancellationToken cancellationToken)
    {
        var genesis = await client.GenesisAsync(cancellationToken);
        var height = parsed.GetValue(Height) is { } wanted ? $"&height={wanted}" : "";
        var path = $"v1/state/{Uri.EscapeDataString(space)}?consistency={consistency}";
        var isPrefix = parsed.GetValue(Prefix);
        Proof proof = isPrefix
            ? await ProofFiles.FetchAsync<PrefixProof>(
                client, $"{path}&prefix={Uri.EscapeDataString(key)}{height}", cancellationToken)
            : await ProofFiles.FetchAsync<KeyProof>(
                client, $"{path}&key={Uri.EscapeDataString(key)}&proof=true{height}", cancellationToken);
        var verdict = IsOf(proof, StateKey.ForEntry(space, key))
            ? ProofVerifier.Verify(proof, genesis)
            : Verdict.Of("it is about something else than was asked for");
        ReceiptCommand.Save(terminal, parsed, parsed.GetRequiredValue(Out)!, proof, verdict);
        foreach (var words in parsed.IsJson() ? [] : verdict.Proven)
        {
            terminal.Line(words);
        }
    }

    private static bool IsOf(Proof proof, byte[] asked)
        => (proof is KeyProof key && key.Key.AsSpan().SequenceEqual(asked))
            || (proof is PrefixProof prefix && prefix.Prefix.AsSpan().SequenceEqual(asked));
}
